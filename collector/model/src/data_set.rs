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

crate::text_enum! {
    /// How many people or files a data set is about.
    RecordsBand {
        /// Nobody has said.
        Unknown = "unknown",
        /// Up to 100.
        UpTo100 = "up_to_100",
        /// Up to 1,000.
        UpTo1000 = "up_to_1000",
        /// Up to 10,000.
        UpTo10000 = "up_to_10000",
        /// Up to 100,000.
        UpTo100000 = "up_to_100000",
        /// More.
        Above100000 = "above_100000",
    }
}

/// What a data set has beside what every asset has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSet {
    /// The asset it is.
    pub asset: AssetId,
    /// What personal data it holds.
    pub personal_data: PersonalData,
    /// How many records it holds.
    pub records: RecordsBand,
    /// Identifiers in the register of processing activities (GDPR article 30), sorted.
    pub register_ids: Vec<String>,
    /// How long it is kept and by which rule; empty when nobody has said.
    pub retention: String,
}

impl DataSet {
    /// A data set of which nothing more is known.
    pub fn new(asset: AssetId, personal_data: PersonalData) -> Self {
        Self {
            asset,
            personal_data,
            records: RecordsBand::Unknown,
            register_ids: Vec::new(),
            retention: String::new(),
        }
    }
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
