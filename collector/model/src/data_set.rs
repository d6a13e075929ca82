//! Data sets and where they live.

use serde::{Deserialize, Serialize};

use crate::id::AssetId;

crate::text_enum! {
    /// What personal data a data set holds.
    PersonalData {
        /// None.
        None = "none",
        /// Personal data in the sense of article 4 of the GDPR.
        Ordinary = "ordinary",
        /// Special categories: article 9 of the GDPR.
        SpecialCategory = "special_category",
        /// Data from the national register.
        NationalRegister = "national_register",
        /// Social-security data (KSZ).
        SocialSecurity = "social_security",
    }
}

/// What a data set has beside what every asset has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSet {
    /// The asset it is.
    pub asset: AssetId,
    /// What personal data it holds.
    pub personal_data: PersonalData,
}

crate::text_enum! {
    /// What an asset does with a data set.
    Relation {
        /// Keeps it.
        Stores = "stores",
        /// Works on it.
        Processes = "processes",
        /// Passes it on.
        Transmits = "transmits",
        /// Looks at it.
        Accesses = "accesses",
    }
}

impl Relation {
    /// Whether the class of the data set counts for the asset.
    pub fn inherits_class(self) -> bool {
        matches!(self, Self::Stores | Self::Processes)
    }
}

/// Which data set lives where. `asset` can be an application, whose data its devices inherit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataLink {
    /// The device, application or service.
    pub asset: AssetId,
    /// What it does.
    pub relation: Relation,
    /// The data set, or an application.
    pub data_set: AssetId,
}
