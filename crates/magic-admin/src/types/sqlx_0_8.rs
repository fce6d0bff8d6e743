use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

use super::{Address, Issuer};

/// Both types are stored as strings in their canonical form, with the EIP-55 checksum, so two
/// spellings of the same issuer map to the same key. Strings read from the database are parsed.
macro_rules! is_text {
    ($($name:ident),*) => {$(
        /// Stored as the string that [`Display`](std::fmt::Display) writes.
        impl<DB: Database> Type<DB> for $name
        where
            String: Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <String as Type<DB>>::type_info()
            }

            fn compatible(column: &DB::TypeInfo) -> bool {
                <String as Type<DB>>::compatible(column)
            }
        }

        impl<'q, DB: Database> Encode<'q, DB> for $name
        where
            String: Encode<'q, DB>,
        {
            fn encode_by_ref(
                &self,
                buffer: &mut DB::ArgumentBuffer<'q>,
            ) -> Result<IsNull, BoxDynError> {
                self.to_string().encode(buffer)
            }
        }

        impl<'r, DB: Database> Decode<'r, DB> for $name
        where
            &'r str: Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(<&str as Decode<'r, DB>>::decode(value)?.parse()?)
            }
        }
    )*};
}

is_text!(Address, Issuer);
