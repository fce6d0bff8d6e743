use std::{fs, path::Path};

use crate::proxy::file;

/// The guide must show exactly the files that the tests use.
#[test]
fn the_guide_shows_the_files_of_the_tests() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/forward-auth.md");
    let guide = fs::read_to_string(path).unwrap();
    for (name, language) in [
        ("nginx.conf", "nginx"),
        ("Caddyfile", "caddyfile"),
        ("traefik.yml", "yaml"),
        ("envoy.yaml", "yaml"),
    ] {
        assert!(guide.contains(&format!("```{language}\n{}```\n", file(name))), "{name}");
    }
}
