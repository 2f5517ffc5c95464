//! Certificates of the configuration, read and with their keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair,
};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::ExposeSecret;
use sekisho_diagnostics::Diagnostic;
use sekisho_expression::Limits;
use sekisho_expression::context::CertificateFacts;
use sekisho_expression::dotnet::crypto::certificate::{OpenedCertificate, details, open};
use sekisho_policy::ports::ClientCertificate;
use sekisho_resources::model::{CertificateMaterial, Configuration};
use zeroize::Zeroizing;

/// Base64 as it is written by hand: padding may be missing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The certificates of a configuration by id.
#[derive(Default)]
pub(crate) struct Certificates {
    by_id: BTreeMap<String, Entry>,
    /// Those that are named without what they are made of.
    hollow: BTreeSet<String>,
}

struct Entry {
    facts: CertificateFacts,
    /// As `Thumbprint` of .NET.
    thumbprint: String,
    /// None without a private key.
    client: Option<Arc<ClientCertificate>>,
}

/// Why a certificate cannot be shown to a backend.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// There is none, or nothing that it is made of.
    Certificate,
    /// The same, and it was reported already.
    Reported,
    /// It has no private key.
    Key,
}

impl Certificates {
    /// Reads all that the configuration holds; those that extractors left out are not here.
    pub(crate) fn read(configuration: &Configuration, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut certificates = Self::default();
        for certificate in configuration.certificates.values() {
            let name = &certificate.name;
            let Some(material) = &certificate.material else {
                certificates.hollow.insert(name.value.clone());
                continue;
            };
            match entry(material) {
                Ok(entry) => {
                    certificates.by_id.insert(name.value.clone(), entry);
                }
                Err(cause) => {
                    let message = format!("certificate `{}` cannot be used: {cause}", name.value);
                    let help = "give `data` (base64 of a PFX) with its `password`, or `certificateFile` and \
                        `keyFile` in PEM";
                    diagnostics
                        .push(Diagnostic::error("invalid-certificate", name.span, message).with_help(help));
                }
            }
        }
        certificates
    }

    /// What policies and expressions see.
    pub(crate) fn facts(&self) -> Vec<(Arc<str>, CertificateFacts)> {
        self.by_id.iter().map(|(id, entry)| (id.as_str().into(), entry.facts.clone())).collect()
    }

    /// The certificate of an id, ready to be shown.
    pub(crate) fn client(&self, id: &str) -> Result<Arc<ClientCertificate>, Missing> {
        match self.by_id.get(id) {
            Some(entry) => entry.client.clone().ok_or(Missing::Key),
            None if self.hollow.contains(id) => Err(Missing::Certificate),
            None => Err(Missing::Reported),
        }
    }

    /// The same by thumbprint, in which case, spaces and colons do not matter.
    pub(crate) fn client_by_thumbprint(&self, thumbprint: &str) -> Result<Arc<ClientCertificate>, Missing> {
        let digits = thumbprint.chars().filter(char::is_ascii_alphanumeric);
        let wanted: String = digits.map(|digit| digit.to_ascii_uppercase()).collect();
        let entry = self.by_id.values().find(|entry| entry.thumbprint == wanted);
        entry.ok_or(Missing::Certificate)?.client.clone().ok_or(Missing::Key)
    }
}

/// Causes never repeat what was read.
fn entry(material: &CertificateMaterial) -> Result<Entry, String> {
    let opened = match material {
        CertificateMaterial::Data { data, password } => {
            from_data(data.expose_secret(), password.expose_secret())?
        }
        CertificateMaterial::Pem { certificate, key } => {
            from_pem(certificate.expose_secret(), key.as_ref().map(|key| key.expose_secret()))?
        }
    };
    let chain: Vec<Arc<[u8]>> = opened.chain.into_iter().map(Arc::from).collect();
    let leaf = chain.first().cloned().ok_or("it holds no certificate")?;
    let thumbprint = details(&leaf).map_err(|_| "it is no X.509 certificate")?.thumbprint;
    let private_key = opened.private_key.map(Arc::new);
    let client = private_key
        .clone()
        .map(|private_key| Arc::new(ClientCertificate { chain: chain.clone(), private_key }));
    Ok(Entry { facts: CertificateFacts { der: leaf, private_key }, thumbprint, client })
}

fn from_data(data: &str, password: &str) -> Result<OpenedCertificate, String> {
    let base64: Zeroizing<String> = Zeroizing::new(data.split_ascii_whitespace().collect());
    let bytes = LENIENT.decode(base64.as_bytes()).map_err(|_| "`data` is not base64")?;
    let bytes = Zeroizing::new(bytes);
    open(&bytes, password, &Limits::DEFAULT)
        .map_err(|error| error.message().to_lowercase().trim_end_matches('.').to_owned())
}

fn from_pem(certificate: &str, key: Option<&str>) -> Result<OpenedCertificate, String> {
    let certificates = CertificateDer::pem_slice_iter(certificate.as_bytes());
    let chain: Result<Vec<Vec<u8>>, _> =
        certificates.map(|certificate| certificate.map(|certificate| certificate.to_vec())).collect();
    let chain = chain.map_err(|error| format!("`certificateFile`: {error}"))?;
    if chain.is_empty() {
        return Err("`certificateFile` holds no certificate in PEM".to_owned());
    }
    let private_key = match key {
        Some(key) => {
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                .map_err(|_| "`keyFile` holds no private key in PEM")?;
            Some(pkcs8(&key).ok_or("the key in `keyFile` is of a kind that is not supported")?)
        }
        None => None,
    };
    Ok(OpenedCertificate { chain, private_key })
}

/// A key in PKCS#8, whichever form it was written in.
fn pkcs8(key: &PrivateKeyDer<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let written: Pkcs8V1Der<'_> = match key {
        PrivateKeyDer::Pkcs8(key) => return Some(Zeroizing::new(key.secret_pkcs8_der().to_vec())),
        PrivateKeyDer::Pkcs1(key) => rsa::KeyPair::from_der(key.secret_pkcs1_der()).ok()?.as_der().ok()?,
        PrivateKeyDer::Sec1(key) => {
            let curves = [
                &ECDSA_P256_SHA256_ASN1_SIGNING,
                &ECDSA_P384_SHA384_ASN1_SIGNING,
                &ECDSA_P521_SHA512_ASN1_SIGNING,
            ];
            let pair = curves
                .into_iter()
                .find_map(|curve| EcdsaKeyPair::from_private_key_der(curve, key.secret_sec1_der()).ok())?;
            return pair.to_pkcs8v1().ok().map(|document| Zeroizing::new(document.as_ref().to_vec()));
        }
        _ => return None,
    };
    Some(Zeroizing::new(written.as_ref().to_vec()))
}
