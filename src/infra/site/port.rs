//! `http` of `site.yaml`: REST v1 by the network.

use std::{net::SocketAddr, path::Path};

use super::{
    decode::{self, Fields, Shape, shorten},
    engine,
    model::HttpSettings,
    problem::Code,
    secret,
    source::{Findings, Place},
    tree::Node,
};

const HTTP: Shape = Shape {
    what: "http",
    keys: &[
        ("listen", "listen: 127.0.0.1:8443"),
        ("certificate", "certificate: secrets/http.crt"),
        ("key_file", "key_file: secrets/http.key"),
        ("names", "names: [tandem.example]"),
    ],
};

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8443);

pub(super) fn read(root: &Path, node: &Node, owner: Place, to: &mut Findings) -> Option<HttpSettings> {
    let fields = Fields::open(node, owner, &HTTP, to)?;
    let listen = fields.get("listen").map_or(Some(LISTEN), |n| address(n, to));
    let certificate = fields.get("certificate");
    let certificate = secret::file(root, certificate, node.place, ("secrets/http.crt", false), to);
    let key_file = fields.get("key_file");
    let key_file = secret::file(root, key_file, node.place, ("secrets/http.key", true), to);
    let named = fields.get("names").map_or(&[][..], decode::list);
    let names = named.iter().filter_map(|n| engine::word(n, "tandem.example", to)).map(Into::into).collect();
    Some(HttpSettings { listen: listen?, certificate: certificate?, key_file: key_file?, names })
}

fn address(node: &Node, to: &mut Findings) -> Option<SocketAddr> {
    let text = decode::scalar(node, "127.0.0.1:8443", to)?;
    let address = text.parse().ok().filter(|address: &SocketAddr| address.port() != 0);
    if address.is_none() {
        let message = format!("`{}` is no address to listen on", shorten(text));
        let help = "write IP address and port: `127.0.0.1:8443` for this machine, `0.0.0.0:8443` for all";
        to.error(Code::BadValue, node.place, message, help);
    }
    address
}
