//! A certificate and its key, as a server shows and keeps them: whether they belong together, and how long it is good.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use secrecy::SecretString;

/// Larger than any chain with its key.
const MOST: u64 = 256 * 1024;

/// Why nobody can be served with them.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("{} cannot be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("{} holds no certificate in PEM", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} holds no private key in PEM without a passphrase", .0.display())]
    NoKey(PathBuf),
    #[error("the key {} is not that of the certificate {}", key.display(), certificate.display())]
    Strangers { certificate: PathBuf, key: PathBuf },
}

/// A server's certificate, with those that vouch for it, and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// In PEM: certificates, then the key.
    pub pem: SecretString,
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Identity {
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Unfit> {
        let (pem, secret) = (text(certificate)?, text(key)?);
        let none = || Unfit::NoCertificate(certificate.to_owned());
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|_| none())?;
        let (from, until) = chain.first().and_then(|leaf| validity(leaf)).ok_or_else(none)?;
        let no_key = || Unfit::NoKey(key.to_owned());
        let private = PrivateKeyDer::from_pem_slice(secret.as_bytes()).map_err(|_| no_key())?;
        let provider = aws_lc_rs::default_provider();
        let pair = CertifiedKey::from_der(chain, private, &provider);
        pair.map_err(|_| Unfit::Strangers { certificate: certificate.to_owned(), key: key.to_owned() })?;
        let pem = format!("{}\n{}\n", pem.trim_end(), secret.trim_end());
        Ok(Self { pem: SecretString::from(pem), from, until })
    }
}

fn text(path: &Path) -> Result<String, Unfit> {
    let unreadable = |why| Unfit::Unreadable { path: path.to_owned(), why };
    let meta = fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() || meta.len() > MOST {
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidData, "it is no small file")));
    }
    fs::read_to_string(path).map_err(unreadable)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERAL_TIME: u8 = 0x18;

/// From when and until when an X.509 certificate is good (RFC 5280, 4.1).
fn validity(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (SEQUENCE, certificate, _) = element(certificate)? else { return None };
    let (SEQUENCE, mut rest, _) = element(certificate)? else { return None };
    if let (VERSION, _, after) = element(rest)? {
        rest = after;
    }
    // Serial number, algorithm, issuer.
    for kind in [INTEGER, SEQUENCE, SEQUENCE] {
        let (found, _, after) = element(rest)?;
        if found != kind {
            return None;
        }
        rest = after;
    }
    let (SEQUENCE, span, _) = element(rest)? else { return None };
    let (kind, from, span) = element(span)?;
    let from = moment(kind, from)?;
    let (kind, until, _) = element(span)?;
    Some((from, moment(kind, until)?))
}

/// The first element of DER: its tag, what is in it, and what comes behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, short], rest) = der.split_first_chunk()?;
    let (length, rest) = match usize::from(short) {
        length @ 0..0x80 => (length, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
            if bytes.is_empty() || bytes.len() > 4 {
                return None;
            }
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
    };
    let (inside, behind) = rest.split_at_checked(length)?;
    Some((tag, inside, behind))
}

/// `261123101500Z`, or with the whole year. A date is 1950 to 2049 in the short form.
fn moment(kind: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let century = match (kind, text.get(..2)?) {
        (UTC_TIME, year) if year < "50" => "20",
        (UTC_TIME, _) => "19",
        (GENERAL_TIME, _) => "",
        _ => return None,
    };
    let whole = format!("{century}{}+0000", text.strip_suffix('Z')?);
    Timestamp::strptime("%Y%m%d%H%M%S%z", whole).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use secrecy::ExposeSecret;

    use super::*;

    fn made(from: i32, until: i32) -> (String, String) {
        let mut params = CertificateParams::new(["phones.example".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(from, 3, 1);
        params.not_after = date_time_ymd(until, 12, 31);
        let key = KeyPair::generate().expect("a key");
        (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
    }

    fn der(pem: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
    }

    #[test]
    fn a_certificate_is_good_from_day_to_day_in_either_form_of_a_year() {
        for (from, until) in [(2026, 2031), (1999, 2049), (2051, 2060)] {
            let (from_day, until_day) =
                (format!("{from}-03-01T00:00:00Z"), format!("{until}-12-31T00:00:00Z"));
            let found = validity(&der(&made(from, until).0)).expect("a span");
            assert_eq!((found.0.to_string(), found.1.to_string()), (from_day, until_day));
        }
    }

    #[test]
    fn what_is_cut_off_or_spoilt_is_no_certificate_and_nothing_breaks() {
        let whole = der(&made(2026, 2031).0);
        for length in 0..whole.len() {
            assert!(validity(&whole[..length]).is_none(), "cut at {length}");
        }
        for at in 0..whole.len().min(200) {
            for byte in [0, 0x7F, 0x80, 0x84, 0xFF] {
                let mut spoilt = whole.to_vec();
                spoilt[at] = byte;
                let _whatever = validity(&spoilt);
            }
        }
    }

    #[test]
    fn a_key_is_that_of_its_certificate_or_refused() {
        let dir = std::env::temp_dir().join(format!("tandem-certificate-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        let put = |name: &str, text: &str| {
            fs::write(dir.join(name), text).expect("written");
            dir.join(name)
        };
        let ((certificate, key), (_, strange)) = (made(2026, 2031), made(2026, 2031));
        let (certificate, key) = (put("a.crt", &certificate), put("a.key", key.trim_end()));
        let identity = Identity::read(&certificate, &key).expect("they fit");
        let both = identity.pem.expose_secret();
        assert!(both.find("BEGIN CERTIFICATE") < both.find("PRIVATE KEY") && both.ends_with("-----\n"));
        let strange = put("b.key", &strange);
        assert!(matches!(Identity::read(&certificate, &strange), Err(Unfit::Strangers { .. })));
        assert!(matches!(Identity::read(&key, &key), Err(Unfit::NoCertificate(_))));
        assert!(matches!(Identity::read(&certificate, &certificate), Err(Unfit::NoKey(_))));
        assert!(matches!(Identity::read(&dir.join("none"), &key), Err(Unfit::Unreadable { .. })));
        fs::remove_dir_all(&dir).expect("removed");
    }
}
