//! A check must return a result that says whether the request is allowed.

use magic_admin_axum::RequireTokenLayer;

fn text(layer: RequireTokenLayer) -> RequireTokenLayer {
    layer.authorize(|_, _| "yes")
}

fn an_error_of_its_own(layer: RequireTokenLayer) -> RequireTokenLayer {
    layer.authorize(|_, _| Err::<(), _>(std::fmt::Error))
}

fn without_a_result(layer: RequireTokenLayer) -> RequireTokenLayer {
    layer.authorize_async(|_, _| async {})
}

fn main() {}
