use super::*;

fn stack(text: &str, overrides: &[Override]) -> Result<Layers, ConfigError> {
    Layers::stack(Some((Path::new("bcoin.toml"), text)), overrides)
}

fn port(value: i64, origin: Origin) -> Override {
    Override {
        section: "http",
        key: "port",
        value: Value::Integer(value),
        origin,
    }
}

#[test]
fn a_flag_stands_above_the_file_and_the_file_above_the_default() {
    let text = "[http]\nport = 2001\nlisten = \"::1\"\n";
    let layers = stack(text, &[port(3001, Origin::Flag("--port"))]).unwrap();
    assert_eq!(layers.config.http.port, 3001);
    assert_eq!(layers.origin("http", "port"), &Origin::Flag("--port"));
    assert_eq!(layers.config.http.listen, "::1".parse::<IpAddr>().unwrap());
    assert_eq!(
        layers.origin("http", "listen"),
        &Origin::File("bcoin.toml".into())
    );
    assert_eq!(layers.origin("log", "filter"), &Origin::Default);
}

#[test]
fn what_is_printed_reads_back_to_the_same_settings() {
    let text = "[node]\nminer = \"Ada \\\"#\\\" Lovelace\"\n[http]\nallow = [\"172.18.0.1\", \"fd00::/8\"]\n\
                host_names = [\"Node1\"]\n[log]\nformat = \"json\"\n";
    let layers = stack(text, &[]).unwrap();
    let again = stack(&layers.to_toml(), &[]).unwrap();
    assert_eq!(again.config, layers.config);
    assert_eq!(again.config.http.host_names[0].as_str(), "node1");
}

#[test]
fn errors_name_file_line_and_what_is_allowed() {
    for (text, parts) in [
        (
            "[http]\nprot = 1\n",
            &["bcoin.toml, line 2", "prot", "`port`"][..],
        ),
        ("[htpp]\n", &["line 1", "htpp", "`http`"]),
        ("[http]\n\nport = 99999\n", &["line 3", "99999"]),
        (
            "[http]\nallow = [\"here\"]\n",
            &["line 2", "here", "172.18.0.0/16"],
        ),
        (
            "[http]\nhost_names = [\"http://a\"]\n",
            &["line 2", "node1.lab"],
        ),
        ("[node]\nminer = \"\"\n", &["line 2", "1 to 128"]),
        ("[node]\nnetwork = \"mian\"\n", &["line 2", "classic"]),
        ("[log]\nfilter = \"inof\"\n", &["line 2", "info"]),
        (
            "[log]\nformat = \"xml\"\n",
            &["line 2", "xml", "`text`", "`json`"],
        ),
        ("port = 1\n", &["line 1", "port"]),
        ("[http\n", &["line 1"]),
    ] {
        let message = stack(text, &[]).expect_err(text).to_string();
        for part in parts {
            assert!(message.contains(part), "{text:?}: {message}");
        }
    }
}

#[test]
fn a_refused_override_names_its_origin() {
    let error = stack("", &[port(70_000, Origin::Environment("BCOIN_PORT"))]).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("BCOIN_PORT"), "{message}");
    assert!(message.contains("[http] port"), "{message}");
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let error = Layers::load(Some(Path::new("no/such/file.toml")), &[]).unwrap_err();
    assert!(error.to_string().contains("no/such/file.toml"), "{error}");
}
