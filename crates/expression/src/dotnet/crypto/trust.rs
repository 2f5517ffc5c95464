//! Which certificates are trusted: chains are checked by webpki.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert};

use super::digest::Algorithm;

/// The roots that `X509Certificate2.Verify()` trusts, and what helps to find a way to them.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    roots: Vec<CertificateDer<'static>>,
    /// Of each root what chains are checked with.
    anchors: Vec<TrustAnchor<'static>>,
    /// SHA-1 of each root and then of each intermediate.
    digests: Vec<Vec<u8>>,
    intermediates: Vec<CertificateDer<'static>>,
}

/// Chains are looked at without regard to what for: as .NET's own default does.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

impl TrustStore {
    /// A store of certificates in DER. Roots that cannot be read are left out.
    pub fn new(
        roots: impl IntoIterator<Item = Vec<u8>>,
        intermediates: impl IntoIterator<Item = Vec<u8>>,
    ) -> Self {
        let anchor = |der: Vec<u8>| {
            let certificate = CertificateDer::from(der);
            let anchor = anchor_from_trusted_cert(&certificate).ok()?.to_owned();
            Some((certificate, anchor))
        };
        let (roots, anchors): (Vec<_>, _) = roots.into_iter().filter_map(anchor).unzip();
        let intermediates: Vec<_> = intermediates.into_iter().map(CertificateDer::from).collect();
        let digests = roots
            .iter()
            .chain(&intermediates)
            .map(|certificate| Algorithm::Sha1.digest(certificate))
            .collect();
        Self { roots, anchors, digests, intermediates }
    }

    /// True when the certificate is a root, or a chain leads from it to one at a Unix time in seconds. `helpers` are
    /// further certificates in DER that may be links of the chain.
    pub fn trusts(&self, der: &[u8], helpers: &[Arc<[u8]>], now: u64) -> bool {
        self.is_root(der) || self.leads_to_root(der, helpers, now)
    }

    /// The certificate with this `Thumbprint`, in upper case, in DER.
    pub fn by_thumbprint(&self, thumbprint: &str) -> Option<&[u8]> {
        let mut all = self.roots.iter().chain(&self.intermediates).zip(&self.digests);
        all.find(|(_, digest)| const_hex::encode_upper(digest) == thumbprint)
            .map(|(certificate, _)| certificate.as_ref())
    }

    /// True for a root.
    pub(super) fn is_root(&self, der: &[u8]) -> bool {
        self.roots.iter().any(|root| &**root == der)
    }

    /// True when a chain of valid certificates leads from this one to a root, at a Unix time in seconds.
    pub(super) fn has_chain(&self, der: &[u8], now: u64) -> bool {
        self.leads_to_root(der, &[], now)
    }

    fn leads_to_root(&self, der: &[u8], helpers: &[Arc<[u8]>], now: u64) -> bool {
        let certificate = CertificateDer::from(der);
        let Ok(end) = EndEntityCert::try_from(&certificate) else { return false };
        let helpers = helpers.iter().map(|der| CertificateDer::from(&**der));
        let intermediates: Vec<CertificateDer<'_>> =
            self.intermediates.iter().map(|der| CertificateDer::from(der.as_ref())).chain(helpers).collect();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now));
        end.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &self.anchors,
            &intermediates,
            now,
            AnyUsage,
            None,
            None,
        )
        .is_ok()
    }
}
