//! Values of the store as PostgreSQL sends them.

use std::error::Error;

use ::postgres::types::private::BytesMut;
use ::postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::value::{Row, Value};

type Outcome<T> = Result<T, Box<dyn Error + Sync + Send>>;

/// Parameters in the form the client takes them.
pub(super) fn refs(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// A row.
pub(super) fn row(row: &::postgres::Row) -> Result<Row, ::postgres::Error> {
    let values = (0..row.len()).map(|column| {
        let value: Option<Value> = row.try_get(column)?;
        Ok(value.unwrap_or(Value::Null))
    });
    Ok(Row::new(values.collect::<Result<_, ::postgres::Error>>()?))
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Outcome<IsNull> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Int(number) if *ty == Type::INT8 => number.to_sql(ty, out),
            Self::Text(text) if *ty == Type::TEXT => text.to_sql(ty, out),
            Self::Blob(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            _ => Err(format!("a parameter is of type {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Outcome<Self> {
        match *ty {
            Type::INT4 => i32::from_sql(ty, raw).map(|number| Self::Int(number.into())),
            Type::INT8 => i64::from_sql(ty, raw).map(Self::Int),
            Type::BYTEA => Vec::from_sql(ty, raw).map(Self::Blob),
            _ => String::from_sql(ty, raw).map(Self::Text),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT4 | Type::INT8 | Type::BYTEA) || <String as FromSql>::accepts(ty)
    }
}
