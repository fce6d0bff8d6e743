/// The keys of the application for which a fake stands in.
pub(super) struct Keys {
    pub(super) secret: String,
    pub(super) publishable: String,
}
