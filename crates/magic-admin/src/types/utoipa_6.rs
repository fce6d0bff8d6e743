use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use super::{Address, Issuer};

impl PartialSchema for Issuer {
    fn schema() -> RefOr<Schema> {
        text(
            "Magic's identifier for a user: `did:ethr:` followed by the address of the user's signing key.",
            "^did:ethr:0x[0-9a-fA-F]{40}$",
            "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        )
    }
}

impl ToSchema for Issuer {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Issuer")
    }
}

impl PartialSchema for Address {
    fn schema() -> RefOr<Schema> {
        text(
            "An Ethereum address. If it is in mixed case, it has an EIP-55 checksum.",
            "^0x[0-9a-fA-F]{40}$",
            "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        )
    }
}

impl ToSchema for Address {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Address")
    }
}

fn text(description: &str, pattern: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some(pattern))
        .examples([example])
        .into()
}
