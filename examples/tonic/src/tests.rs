use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use magic_admin::SecretKey;
use magic_admin_testkit::{Endpoint, FakeMagic, Fault, TestUser};
use tonic::{Code, metadata::MetadataValue, transport::Endpoint as Server};
use tonic_web::GrpcWebClientLayer;
use tower::ServiceBuilder;

use super::{shop::orders_client::OrdersClient, *};

/// The shop on a free port, with Alice as its only admin.
struct Served {
    fake: FakeMagic,
    alice: TestUser,
    bob: TestUser,
    url: String,
}

impl Served {
    async fn new() -> Self {
        let fake = FakeMagic::start().await.unwrap();
        let (alice, bob) = (TestUser::from_seed(1), TestUser::from_seed(2));
        let key = SecretKey::new(fake.secret_key()).unwrap();
        let magic = Magic::builder(key)
            .base_url(fake.base_url())
            .api(|client| client.retries(0))
            .build()
            .unwrap();
        let app = app(magic, vec![alice.issuer()]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { fake, alice, bob, url }
    }

    /// Returns the orders, or the status and message of a failed call. Calls over gRPC and over gRPC-Web.
    async fn call(&self, method: Method, token: Option<&str>) -> Outcome {
        let channel = Server::from_shared(self.url.clone()).unwrap().connect().await.unwrap();
        let grpc = outcome(method.call(OrdersClient::new(channel), token).await);
        let http = Client::builder(TokioExecutor::new()).build_http();
        let web = ServiceBuilder::new().layer(GrpcWebClientLayer::new()).service(http);
        let client = OrdersClient::with_origin(web, self.url.parse().unwrap());
        assert_eq!(outcome(method.call(client, token).await), grpc, "{method:?} over gRPC-Web");
        grpc
    }
}

type Outcome = Result<Vec<String>, (Code, String)>;

fn outcome(result: Result<Response<ListReply>, Status>) -> Outcome {
    match result {
        Ok(reply) => Ok(reply.into_inner().orders),
        Err(status) => Err((status.code(), status.message().to_owned())),
    }
}

#[derive(Clone, Copy, Debug)]
enum Method {
    List,
    Export,
}

impl Method {
    async fn call<T>(
        self,
        mut client: OrdersClient<T>,
        token: Option<&str>,
    ) -> Result<Response<ListReply>, Status>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<tonic::codegen::StdError>,
        T::ResponseBody: tonic::codegen::Body<Data = tonic::codegen::Bytes> + Send + 'static,
        <T::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
    {
        let mut request = Request::new(ListRequest {});
        if let Some(token) = token {
            let bearer = MetadataValue::try_from(format!("Bearer {token}")).unwrap();
            request.metadata_mut().insert("authorization", bearer);
        }
        match self {
            Self::List => client.list(request).await,
            Self::Export => client.export(request).await,
        }
    }
}

fn refused(code: Code, message: &str) -> Outcome {
    Err((code, message.to_owned()))
}

#[tokio::test]
async fn a_signed_in_user_is_served() {
    let shop = Served::new().await;
    let token = shop.fake.mint().token(&shop.bob);
    let orders = vec![format!("1001, by {}", shop.bob.issuer())];
    assert_eq!(shop.call(Method::List, Some(&token)).await, Ok(orders));
}

#[tokio::test]
async fn a_call_without_a_user_is_rejected() {
    let shop = Served::new().await;
    let expired = shop.fake.mint().builder(&shop.alice).expired().build();
    for (token, message) in [
        (None, "ERROR_MISSING_AUTH_HEADER"),
        (Some("a b"), "EXPECTED_BEARER_STRING"),
        (Some("WyJh"), "ERROR_MALFORMED_TOKEN"),
        (Some(&*expired), "ERROR_DIDT_EXPIRED"),
    ] {
        for method in [Method::List, Method::Export] {
            let expected = refused(Code::Unauthenticated, message);
            assert_eq!(shop.call(method, token).await, expected);
        }
    }
}

#[tokio::test]
async fn the_export_is_for_admins() {
    let shop = Served::new().await;
    let token = shop.fake.mint().token(&shop.bob);
    let expected = refused(Code::PermissionDenied, "ERROR_FORBIDDEN");
    assert_eq!(shop.call(Method::Export, Some(&token)).await, expected);
    let token = shop.fake.mint().token(&shop.alice);
    assert_eq!(shop.call(Method::Export, Some(&token)).await.unwrap().len(), 2);
}

/// While the client ID cannot be fetched, the token may still be valid.
#[tokio::test]
async fn an_outage_of_magic_is_unavailable() {
    let shop = Served::new().await;
    shop.fake.fail(Fault::status(500).at(Endpoint::Client));
    let token = shop.fake.mint().token(&shop.bob);
    let expected = refused(Code::Unavailable, "ERROR_UNAVAILABLE");
    assert_eq!(shop.call(Method::List, Some(&token)).await, expected);

    let channel = Server::from_shared(shop.url.clone()).unwrap().connect().await.unwrap();
    let failed = Method::List.call(OrdersClient::new(channel), Some(&token)).await.unwrap_err();
    assert_eq!(failed.metadata().get("grpc-retry-pushback-ms").unwrap(), "2000");
}
