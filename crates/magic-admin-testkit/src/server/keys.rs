/// The keys of the application that a fake stands in for.
pub(super) struct Keys {
    pub(super) secret: String,
    pub(super) publishable: String,
}
