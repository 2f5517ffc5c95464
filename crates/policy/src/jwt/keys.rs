//! Keys that a document holds: decoded once, when it is loaded.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sekisho_diagnostics::{Diagnostic, Span};
use zeroize::Zeroizing;

use crate::compile::Compiler;
use crate::declaration::{Attribute, Child, Children, Kind};
use crate::ports::jwts::{JwtKey, JwtKeyMaterial};
use crate::xml::{Attribute as Written, Element};

/// Secrets shorter than this are not used, in bytes.
const SHORTEST_SECRET: usize = 16;
/// RSA keys with a shorter modulus are not used, in bytes.
const SHORTEST_MODULUS: usize = 256;

const PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, PADDING);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, PADDING);

/// `issuer-signing-keys/key`, and `decryption-keys/key`.
pub(crate) const KEY: Child =
    Child::any("key", Children::Text, "A secret in Base64, or the attributes of another key.").with(&[
        Attribute::optional("id", Kind::Text, "The `kid` of tokens that it signed.").literal(),
        Attribute::optional("certificate-id", Kind::Text, "A certificate whose public key is used.")
            .literal(),
        Attribute::optional("n", Kind::Text, "Modulus of an RSA key, Base64url.").literal(),
        Attribute::optional("e", Kind::Text, "Exponent of an RSA key, Base64url.").literal(),
    ]);

/// The keys of `issuer-signing-keys`; none after an error was reported.
pub(crate) fn signing_keys(compiler: &mut Compiler<'_>, element: &Element) -> Option<Vec<JwtKey>> {
    let lists = element.elements().filter(|child| child.name == "issuer-signing-keys");
    // Each key is looked at, so that all mistakes are found at once.
    let keys: Vec<Option<JwtKey>> =
        lists.flat_map(Element::elements).map(|key| signing_key(compiler, key)).collect();
    keys.into_iter().collect()
}

/// Reports `decryption-keys`: encrypted tokens are not supported.
pub(crate) fn refuse_decryption_keys(compiler: &mut Compiler<'_>, element: &Element) -> Option<()> {
    let Some(list) = element.elements().find(|child| child.name == "decryption-keys") else {
        return Some(());
    };
    let finding = Diagnostic::error(
        "decryption-keys-not-supported",
        list.name_span,
        "`decryption-keys` is not supported: encrypted tokens (JWE) cannot be opened",
    );
    compiler.report(finding.with_help("let the issuer send signed tokens, and remove the element"));
    None
}

fn signing_key(compiler: &mut Compiler<'_>, element: &Element) -> Option<JwtKey> {
    let id = compiler.literal(element, "id");
    let certificate = element.attribute("certificate-id");
    let (modulus, exponent) = (element.attribute("n"), element.attribute("e"));
    let secret = element.text();
    let kinds = [secret.is_some(), certificate.is_some(), modulus.or(exponent).is_some()];
    if kinds.iter().filter(|given| **given).count() != 1 {
        let finding =
            Diagnostic::error("wrong-value", element.name_span, "`key` holds no key, or more than one");
        compiler.report(finding.with_help("write a Base64 text, or `certificate-id`, or `n` and `e`"));
        return None;
    }
    let material = match (secret, certificate) {
        (Some(content), _) => {
            if !content.is_literal() {
                let finding =
                    Diagnostic::error("expression-not-allowed", content.span, "`key` takes no expression");
                compiler.report(finding.with_help("write the Base64 text, or a named value that holds it"));
                return None;
            }
            let text = Zeroizing::new(without_white_space(content.text.text()));
            secret_material(compiler, &text, content.span)?
        }
        (None, Some(certificate)) => certificate_material(compiler, certificate)?,
        (None, None) => rsa_material(compiler, element, modulus, exponent)?,
    };
    Some(JwtKey { id, material })
}

/// Keys are often wrapped over several lines.
fn without_white_space(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

fn secret_material(compiler: &mut Compiler<'_>, text: &str, span: Span) -> Option<JwtKeyMaterial> {
    let Ok(secret) = BASE64.decode(text).map(Zeroizing::new) else {
        let finding = Diagnostic::error("wrong-value", span, "the key is not in Base64");
        compiler.report(finding.with_help("encode the bytes of the secret in Base64"));
        return None;
    };
    if secret.len() < SHORTEST_SECRET {
        let message = format!("the key has {} bits, and tokens signed with it are refused", secret.len() * 8);
        let finding = Diagnostic::warning("weak-key", span, message);
        compiler.report(finding.with_help("use a secret of at least 128 bits, better 256"));
    }
    Some(JwtKeyMaterial::Secret(secret))
}

fn certificate_material(compiler: &mut Compiler<'_>, attribute: &Written) -> Option<JwtKeyMaterial> {
    let id = attribute.value.text.text();
    if let Some(certificate) = compiler.environment().certificates.get(id) {
        return Some(JwtKeyMaterial::Certificate(Arc::clone(&certificate.der)));
    }
    let message = format!("certificate `{}` does not exist", compiler.written(attribute.value.span));
    let finding = Diagnostic::error("unknown-certificate", attribute.value.span, message);
    compiler.report_unresolved(finding.with_help("add the certificate to the service"));
    // Where unknown certificates are let through, nothing is run.
    compiler.environment().allow_unresolved.then(|| JwtKeyMaterial::Certificate(Arc::from([])))
}

fn rsa_material(
    compiler: &mut Compiler<'_>,
    element: &Element,
    modulus: Option<&Written>,
    exponent: Option<&Written>,
) -> Option<JwtKeyMaterial> {
    let (Some(modulus), Some(exponent)) = (modulus, exponent) else {
        let finding =
            Diagnostic::error("missing-attribute", element.name_span, "`n` and `e` go together in `key`");
        compiler.report(finding.with_help("write modulus and exponent of the RSA key"));
        return None;
    };
    let mut number = |attribute: &Written| {
        let decoded = BASE64_URL.decode(attribute.value.text.text().trim()).ok();
        let decoded = decoded.filter(|bytes| bytes.iter().any(|byte| *byte != 0));
        if decoded.is_none() {
            let message = format!("`{}` is not a number in Base64url", attribute.name);
            let finding = Diagnostic::error("wrong-value", attribute.value.span, message);
            compiler.report(finding.with_help("write the bytes, largest first, in Base64url"));
        }
        decoded
    };
    let (n, e) = (number(modulus), number(exponent));
    let (n, e) = (n?, e?);
    if n.len() < SHORTEST_MODULUS {
        let message = format!("the key has {} bits, and tokens signed with it are refused", n.len() * 8);
        let finding = Diagnostic::warning("weak-key", modulus.value.span, message);
        compiler.report(finding.with_help("use an RSA key of at least 2048 bits"));
    }
    Some(JwtKeyMaterial::Rsa { modulus: n, exponent: e })
}
