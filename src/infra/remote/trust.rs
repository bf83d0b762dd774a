//! Whom a service's certificate convinces, and why it does not.

use std::{error::Error, fs, io, path::Path};

use reqwest::{Certificate, ClientBuilder};
use rustls::CertificateError;

/// Why a service is not believed to be who it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error(
        "its certificate is signed by nobody who is known here; name the certificate of its authority with `ca_file`"
    )]
    Stranger,
    #[error(
        "its certificate has expired or is not valid yet; renew it, and look at the clocks of both machines"
    )]
    Lapsed,
    #[error("its certificate is for another name; write in `url` the name that it is for")]
    OtherName,
    #[error("it does not speak TLS; is its port right?")]
    NoTls,
    #[error("its certificate is refused; try `openssl s_client -connect HOST:PORT`")]
    Other,
}

/// Authorities that sign certificates.
#[derive(Clone, Debug)]
pub struct Authorities(Vec<Certificate>);

/// Why a file names no authority.
#[derive(Debug, thiserror::Error)]
#[error("{path} names no authority: {why}; it must hold certificates in PEM that Tandem's user may read")]
pub struct NoAuthorities {
    path: String,
    why: String,
}

impl Authorities {
    pub fn read(path: &Path) -> Result<Self, NoAuthorities> {
        let no = |why: String| NoAuthorities { path: path.display().to_string(), why };
        let pem = fs::read(path).map_err(|error| no(error.to_string()))?;
        let all = Certificate::from_pem_bundle(&pem).map_err(|_| no("it is no PEM".to_owned()))?;
        if all.is_empty() {
            return Err(no("no certificate is in it".to_owned()));
        }
        // Only who builds a client with them looks into them.
        let own = Self(all);
        own.clone().alone_in(ClientBuilder::new()).build().map_err(|_| no("one is garbled".to_owned()))?;
        Ok(own)
    }

    pub(super) fn alone_in(self, client: ClientBuilder) -> ClientBuilder {
        client.tls_certs_only(self.0)
    }
}

/// What of it is about who the other one is.
pub(super) fn distrust(error: &reqwest::Error) -> Option<Distrust> {
    let mut cause = error.source();
    while let Some(error) = cause {
        // Whoever wraps an error in that of a socket hides it from `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = error.downcast_ref().or_else(|| inner.and_then(|inner| inner.downcast_ref()));
        if let Some(tls) = tls {
            return Some(of(tls));
        }
        cause = inner.map_or_else(|| error.source(), |inner| Some(inner as &dyn Error));
    }
    None
}

fn of(error: &rustls::Error) -> Distrust {
    use CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            C::UnknownIssuer | C::BadSignature => Distrust::Stranger,
            C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. } => {
                Distrust::Lapsed
            }
            C::NotValidForName | C::NotValidForNameContext { .. } => Distrust::OtherName,
            _ => Distrust::Other,
        },
        rustls::Error::InvalidMessage(_) => Distrust::NoTls,
        _ => Distrust::Other,
    }
}
