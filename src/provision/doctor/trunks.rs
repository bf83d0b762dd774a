//! Trunks: whether the carrier's SIP server answers at all. Any answer will do: it is there.

use std::time::Duration;

use tokio::{net::UdpSocket, time::timeout};

use super::{Check, Findings};
use crate::infra::site::Site;

const MATTERS: &str = "no call comes in or goes out by it";
/// A lost packet is sent again, as SIP does.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_millis(1500)];

pub(super) async fn look(site: &Site, to: &mut Findings) {
    for (name, trunk) in &site.trunks {
        match options(&trunk.address).await {
            Ok(answer) => to.well(Check::Trunks, format!("{name}: {} answers {answer}", trunk.address)),
            Err(why) => {
                let what = format!("{name}: {} {why}", trunk.address);
                let remedy =
                    "check `address` in trunks.yaml, the firewall (SIP by UDP), and with the carrier";
                to.fault(Check::Trunks, what, MATTERS, remedy);
            }
        }
    }
    if site.trunks.is_empty() {
        to.well(Check::Trunks, "the site has none");
    }
}

/// The code of the answer.
async fn options(address: &str) -> Result<String, String> {
    let place = if address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        address.to_owned()
    } else {
        format!("{address}:5060")
    };
    let mut found = tokio::net::lookup_host(&place).await.map_err(|why| format!("has no address: {why}"))?;
    let remote = found.next().ok_or("has no address")?;
    let any = if remote.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let reach = async {
        let socket = UdpSocket::bind(any).await?;
        socket.connect(remote).await?;
        let local = socket.local_addr()?;
        let tag = fastrand::u64(..);
        let request = format!(
            "OPTIONS sip:{remote} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{tag:x};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:doctor@{local}>;tag={tag:x}\r\nTo: <sip:{remote}>\r\n\
             Call-ID: {tag:x}@{local}\r\nCSeq: 1 OPTIONS\r\nContact: <sip:doctor@{local}>\r\n\
             Accept: application/sdp\r\nContent-Length: 0\r\n\r\n"
        );
        let mut bytes = [0; 2048];
        for pause in PAUSES {
            socket.send(request.as_bytes()).await?;
            if let Ok(length) = timeout(pause, socket.recv(&mut bytes)).await {
                let text = String::from_utf8_lossy(&bytes[..length?]).into_owned();
                let code = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
                return Ok(code.map(str::to_owned));
            }
        }
        Ok::<_, std::io::Error>(None)
    };
    match reach.await {
        Ok(Some(code)) => Ok(code),
        Ok(None) => Err("does not answer a SIP request within 3 s".to_owned()),
        Err(why) => Err(format!("cannot be reached: {why}")),
    }
}
