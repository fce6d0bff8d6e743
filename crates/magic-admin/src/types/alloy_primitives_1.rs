use super::Address;

impl From<alloy_primitives::Address> for Address {
    fn from(address: alloy_primitives::Address) -> Self {
        Self::from_bytes(address.into_array())
    }
}

impl From<Address> for alloy_primitives::Address {
    fn from(address: Address) -> Self {
        Self::new(*address.as_bytes())
    }
}
