//! Certificates of an own authority, as a person's file holds them. Pure.

use base64::Engine as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The certificates of a file and nothing else of it, as PEM: a private key that stands beside them is nobody's business.
/// Or why there are none, in words that go behind the file's name.
pub fn certificates(bytes: &[u8]) -> Result<String, String> {
    let mut pem = String::new();
    for one in CertificateDer::pem_slice_iter(bytes) {
        let der = one.map_err(|_| "holds a certificate that is cut off or damaged".to_string())?;
        if der.first() != Some(&0x30) {
            return Err("holds something in place of a certificate that is none".into());
        }
        let text = base64::engine::general_purpose::STANDARD.encode(&der);
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
    }
    if pem.is_empty() { Err("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)".into()) } else { Ok(pem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END CERTIFICATE-----\n";

    #[test]
    fn certificates_alone_are_taken() {
        let key = "-----BEGIN PRIVATE KEY-----\nMAMCAQg=\n-----END PRIVATE KEY-----\n";
        let file = format!("Our authority\n{ONE}{key}\r\n{}", ONE.replace('\n', "\r\n"));
        assert_eq!(certificates(file.as_bytes()).unwrap(), format!("{ONE}{ONE}"));
        assert_eq!(certificates(ONE.as_bytes()).unwrap(), ONE);
        assert!(!certificates(file.as_bytes()).unwrap().contains("PRIVATE"));
    }

    #[test]
    fn what_holds_none_is_said() {
        for (file, says) in [
            ("", "no certificate"),
            ("\x30\x03\x02\x01\x07", "no certificate"),
            ("-----BEGIN PRIVATE KEY-----\nMAMCAQg=\n-----END PRIVATE KEY-----\n", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "damaged"),
            ("-----BEGIN CERTIFICATE-----\nMAMC", "damaged"),
            ("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n", "is none"),
        ] {
            assert!(certificates(file.as_bytes()).unwrap_err().contains(says), "{file:?}: {:?}", certificates(file.as_bytes()));
        }
    }
}
