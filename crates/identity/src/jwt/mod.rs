//! Checks of JSON web tokens: the adapter of [`sekisho_policy::ports::Jwts`]. Signatures are checked by AWS-LC.
//!
//! - [`token`]: a token taken apart
//! - [`algorithm`] and [`key`]: what may sign, pinned to the kind of the key
//! - [`document`] and [`fetch`]: an OpenID configuration with its key set, over HTTP
//! - [`documents`]: the configurations at hand, refreshed in the background
//! - [`authority`]: where tenants of Microsoft Entra ID have theirs
//! - this file: which keys are tried for a token

mod algorithm;
mod authority;
mod document;
mod documents;
mod fetch;
mod key;
#[cfg(test)]
mod tests;
mod token;

use std::borrow::Cow;
use std::sync::Arc;

use sekisho_policy::ports::PortFuture;
use sekisho_policy::ports::jwts::{JwtAsk, JwtError, JwtKey, Jwts, OpenIdSource, VerifiedJwt};

use crate::config::{ConfigError, Environment};
use crate::provider::IdentityPorts;
use algorithm::Algorithm;
use authority::Authority;
use document::Document;
use documents::Documents;
use key::VerifyingKey;
use token::{Signature, Token};

/// Checks tokens against keys of documents and of OpenID configurations.
pub struct JwtVerifier {
    documents: Arc<Documents>,
    authority: Authority,
}

/// A configuration, and where it is.
type Found<'s> = (Cow<'s, str>, Arc<Document>);

/// Why no key fits.
enum NoKey {
    /// No more can be done.
    Refused(JwtError),
    /// The token names a key that is not there; a newer key set may have it.
    Unknown,
}

impl JwtVerifier {
    /// A verifier that has fetched nothing yet. Tenants of Microsoft Entra ID are those of the authority that
    /// `AZURE_AUTHORITY_HOST` names, else those of the public cloud.
    ///
    /// # Errors
    /// When that variable is no URL, or one of plain http that is not on this machine.
    pub fn new(environment: Environment<'_>, ports: IdentityPorts) -> Result<JwtVerifier, ConfigError> {
        let authority = Authority::of(environment)?;
        Ok(JwtVerifier { documents: Arc::new(Documents::new(ports)), authority })
    }

    /// Where a source is; none for a tenant that is no name.
    fn address<'s>(&self, source: &'s OpenIdSource) -> Option<Cow<'s, str>> {
        match source {
            OpenIdSource::Url(url) => Some(Cow::Borrowed(url)),
            OpenIdSource::EntraTenant(tenant) => self.authority.configuration(tenant).map(Cow::Owned),
        }
    }

    async fn fetched(&self, ask: JwtAsk<'_>, token: &Token<'_>) -> Result<VerifiedJwt, JwtError> {
        let mut documents: Vec<Found<'_>> = Vec::with_capacity(ask.sources.len());
        let mut missing = None;
        ask.sources.iter().filter_map(|source| self.address(source)).for_each(|address| {
            self.documents.start(&address);
        });
        for source in ask.sources {
            let Some(address) = self.address(source) else {
                missing = Some("the tenant is neither an id nor a domain".to_owned());
                continue;
            };
            match self.documents.get(&address).await {
                Ok(document) => documents.push((address, document)),
                Err(error) => missing = Some(error.0),
            }
        }
        let at_hand =
            |documents: &[Found<'_>]| decide(token, ask, documents.iter().map(|(_, document)| &**document));
        let mut decision = at_hand(&documents);
        if matches!(decision, Err(NoKey::Unknown)) && self.renew(&mut documents).await {
            decision = at_hand(&documents);
        }
        match (decision, missing) {
            (Ok(verified), _) => Ok(verified),
            (Err(_), Some(cause)) => Err(unavailable(&cause)),
            (Err(NoKey::Refused(error)), None) => Err(error),
            (Err(NoKey::Unknown), None) => Err(unknown_key()),
        }
    }

    /// Puts newer configurations in the place of those that lack a key; true when there are any.
    async fn renew(&self, documents: &mut [Found<'_>]) -> bool {
        let mut found_newer = false;
        for (address, document) in documents {
            if let Some(newer) = self.documents.newer(address, document).await {
                *document = newer;
                found_newer = true;
            }
        }
        found_newer
    }
}

impl Jwts for JwtVerifier {
    fn verify_now(&self, ask: JwtAsk<'_>) -> Option<Result<VerifiedJwt, JwtError>> {
        let token = match Token::parse(ask.token) {
            Ok(token) => token,
            Err(error) => return Some(Err(error)),
        };
        let mut documents = Vec::with_capacity(ask.sources.len());
        for source in ask.sources {
            let address = self.address(source)?;
            let document = self.documents.at_hand(&address)?;
            documents.push((address, document));
        }
        match decide(&token, ask, documents.iter().map(|(_, document)| &**document)) {
            Ok(verified) => Some(Ok(verified)),
            Err(NoKey::Refused(error)) => Some(Err(error)),
            Err(NoKey::Unknown) => {
                let mut addresses = documents.iter().map(|(address, _)| address);
                let may_be_newer = addresses.any(|address| self.documents.may_be_newer(address));
                (!may_be_newer).then(|| Err(unknown_key()))
            }
        }
    }

    fn verify<'a>(&'a self, ask: JwtAsk<'a>) -> PortFuture<'a, Result<VerifiedJwt, JwtError>> {
        Box::pin(async move {
            let token = Token::parse(ask.token)?;
            self.fetched(ask, &token).await
        })
    }
}

/// A key, and the configuration that it comes from; none for a key of the policy document.
type Candidate<'k> = (&'k VerifyingKey, Option<&'k Document>);

/// Whether a token is signed by one of the keys at hand, and whose issuers count.
fn decide<'k>(
    token: &Token<'_>,
    ask: JwtAsk<'k>,
    documents: impl Iterator<Item = &'k Document> + Clone,
) -> Result<VerifiedJwt, NoKey> {
    let signer = match &token.signature {
        Signature::None if !ask.require_signature => None,
        Signature::None => return Err(NoKey::Refused(invalid_signature("the token is not signed"))),
        Signature::Unknown => {
            return Err(NoKey::Refused(invalid_signature("its algorithm is not supported")));
        }
        Signature::Bytes(algorithm, signature) => {
            let own = ask.keys.prepared(of_document).map_or(&[][..], Vec::as_slice);
            let theirs = documents.clone().flat_map(|document| {
                document.keys.iter().map(move |key| -> Candidate<'k> { (key, Some(document)) })
            });
            signer(token, *algorithm, signature, own.iter().map(|key| (key, None)).chain(theirs))?
        }
    };
    let claims = token.claims().map_err(NoKey::Refused)?;
    let issuers = match signer {
        Some(document) => vec![Arc::clone(&document.issuer)],
        None => documents.map(|document| Arc::clone(&document.issuer)).collect(),
    };
    Ok(VerifiedJwt { claims, issuers })
}

/// The configuration whose key signed a token; none for a key of the policy document. Of all keys those are tried that
/// the token names; when there are none, all of them.
fn signer<'k>(
    token: &Token<'_>,
    algorithm: Algorithm,
    signature: &[u8],
    keys: impl Iterator<Item = Candidate<'k>> + Clone,
) -> Result<Option<&'k Document>, NoKey> {
    let is_named = |key: &VerifyingKey| match (&token.key_id, &token.thumbprint) {
        (Some(id), _) => key.id.as_deref() == Some(id),
        (None, Some(thumbprint)) => key.thumbprint.as_deref() == Some(thumbprint),
        (None, None) => false,
    };
    let knows_name = keys.clone().any(|(key, _)| is_named(key));
    let mut tried = keys.filter(|(key, _)| !knows_name || is_named(key));
    match tried.find(|(key, _)| key.signed(algorithm, token.signed, signature)) {
        Some((_, document)) => Ok(document),
        None if knows_name || token.key_id.is_none() => {
            Err(NoKey::Refused(invalid_signature("no key that may sign it did")))
        }
        None => Err(NoKey::Unknown),
    }
}

fn of_document(keys: &[JwtKey]) -> Vec<VerifyingKey> {
    keys.iter().filter_map(VerifyingKey::of_document).collect()
}

fn invalid_signature(why: &str) -> JwtError {
    JwtError {
        reason: "TokenSignatureInvalid",
        message: format!("The signature of the token is not valid: {why}. Access denied."),
    }
}

fn unavailable(cause: &str) -> JwtError {
    let message = format!("The keys of the token's issuer are not available: {cause}.");
    JwtError { reason: "JwtInvalid", message }
}

fn unknown_key() -> JwtError {
    JwtError {
        reason: "TokenSignatureKeyNotFound",
        message: "No key has the id that the token names, and no other key signed it. Access denied."
            .to_owned(),
    }
}
