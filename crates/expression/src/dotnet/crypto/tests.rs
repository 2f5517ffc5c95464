use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::block_cipher::{Cipher, Mode, Padding, Setting, decrypt, encrypt};
use super::digest::Algorithm;
use crate::exception::Exception;

fn setting<'k>(cipher: Cipher, key: &'k [u8], iv: &'k [u8], mode: Mode, padding: Padding) -> Setting<'k> {
    Setting { cipher, mode, padding, key, iv }
}

fn sealed(data: &[u8], setting: &Setting<'_>) -> Result<Vec<u8>, Exception> {
    encrypt(data, setting, |length| vec![7; length])
}

#[test]
fn digests_of_dotnet() {
    let of = |algorithm: Algorithm| {
        (
            const_hex::encode_upper(algorithm.digest(b"hello")),
            const_hex::encode_upper(algorithm.authenticate(b"key", b"hello")),
        )
    };
    assert_eq!(
        of(Algorithm::Md5),
        ("5D41402ABC4B2A76B9719D911017C592".into(), "04130747AFCA4D79E32E87CF2104F087".into())
    );
    assert_eq!(
        of(Algorithm::Sha1),
        (
            "AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D".into(),
            "B34CEAC4516FF23A143E61D79D0FA7A4FBE5F266".into()
        )
    );
    assert_eq!(
        of(Algorithm::Sha256),
        (
            "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824".into(),
            "9307B3B915EFB5171FF14D8CB55FBCC798C6C0EF1456D66DED1A6AA723A58B7B".into()
        )
    );
    let (digest, code) = of(Algorithm::Sha384);
    assert!(
        digest.starts_with("59E1748777448C69DE6B800D7A33BBFB")
            && code.starts_with("EACBAD575C301FA68AFB26DAE48B25BF")
    );
    let (digest, code) = of(Algorithm::Sha512);
    assert!(
        digest.starts_with("9B71D224BD62F3785D96D46AD3EA3D73")
            && code.starts_with("FF06AB36757777815C008D32C8E14A70")
    );
}

#[test]
fn aes_of_dotnet() {
    // Key length; "hello" in CBC with PKCS7, ANSIX923, Zeros; a zero block in ECB with PKCS7. Key and IV are zero.
    let cases = [
        (
            16,
            [
                "9834ED518CBC8FBE9AF3C6ECB75EB8C0",
                "CFC0311CCDC8CEDEB439CB4E3C60BDB3",
                "10FB1C3FED5A1D4AA8D60B955B09FF02",
                "66E94BD4EF8A2C3B884CFA59CA342B2E0143DB63EE66B0CDFF9F69917680151E",
            ],
        ),
        (
            24,
            [
                "882099285F5C670A94B5CB02A09FD3B5",
                "054C70E5631A9452DA4F954843A9B9F8",
                "5147FD866EB466F7631C74FE82D640FF",
                "AAE06992ACBF52A3E8F4A96EC9300BD702BB292527E726FD51EB29894D6F0AAD",
            ],
        ),
        (
            32,
            [
                "C235DE24D239E03CC8E377C604FCA67B",
                "CCDCAFD69F2155DAE09D7293D7F54BCB",
                "6EB480C0F89D18DB7455AC38DF43F21F",
                "DC95C078A2408989AD48A214928420871F788FE6D86C317549697FBF0C07FA43",
            ],
        ),
    ];
    for (length, [pkcs7, ansi, zeros, ecb]) in cases {
        let (key, iv) = (vec![0; length], [0; 16]);
        for (padding, expected) in
            [(Padding::Pkcs7, pkcs7), (Padding::AnsiX923, ansi), (Padding::Zeros, zeros)]
        {
            let setting = setting(Cipher::Aes, &key, &iv, Mode::Cbc, padding);
            let encrypted = sealed(b"hello", &setting).unwrap();
            assert_eq!(const_hex::encode_upper(&encrypted), expected, "{length} {padding:?}");
            let back = decrypt(&encrypted, &setting).unwrap();
            assert!(back.starts_with(b"hello") && (padding == Padding::Zeros || back.len() == 5));
        }
        let in_ecb = setting(Cipher::Aes, &key, &[], Mode::Ecb, Padding::Pkcs7);
        let encrypted = sealed(&[0; 16], &in_ecb).unwrap();
        assert_eq!(const_hex::encode_upper(&encrypted), ecb);
        assert_eq!(decrypt(&encrypted, &in_ecb).unwrap(), [0; 16]);
    }
}

#[test]
fn every_cipher_mode_and_padding_goes_there_and_back() {
    let text: Vec<u8> = (0..100).collect();
    for (cipher, keys) in [
        (Cipher::Aes, &[16, 24, 32][..]),
        (Cipher::Des, &[8]),
        (Cipher::TripleDes, &[16, 24]),
        (Cipher::Rc2, &[5, 16]),
    ] {
        for length in keys {
            let key: Vec<u8> = (1..=*length).collect();
            let iv = vec![9; cipher.block()];
            for mode in [Mode::Cbc, Mode::Ecb, Mode::Cfb] {
                for padding in [Padding::Pkcs7, Padding::AnsiX923, Padding::Iso10126, Padding::Zeros] {
                    let setting = setting(cipher, &key, &iv, mode, padding);
                    let back = decrypt(&sealed(&text, &setting).unwrap(), &setting).unwrap();
                    assert!(back.starts_with(&text), "{cipher:?} {mode:?} {padding:?}");
                    assert_eq!(back.len() == 100, padding != Padding::Zeros);
                }
            }
        }
    }
}

#[test]
fn other_ciphers_of_dotnet() {
    let base64 = |cipher, key: &str, mode| {
        let iv = vec![0; cipher_block(cipher)];
        STANDARD.encode(sealed(&[0; 5], &setting(cipher, key.as_bytes(), &iv, mode, Padding::Pkcs7)).unwrap())
    };
    assert_eq!(base64(Cipher::TripleDes, "0123456789abcdef01234567", Mode::Cbc), "HcMKWo29DW4=");
    assert_eq!(base64(Cipher::Des, "01234567", Mode::Cbc), "Y7f7SC6M5Mg=");
    let (key, iv) = ([0; 16], [0; 16]);
    let in_cfb = setting(Cipher::Aes, &key, &iv, Mode::Cfb, Padding::Pkcs7);
    let encrypted = sealed(&[1, 2, 3, 4, 5], &in_cfb).unwrap();
    assert_eq!(STANDARD.encode(encrypted), "Z3UwMYNBo+HxfHyNvYEWwQ==");
}

fn cipher_block(cipher: Cipher) -> usize {
    cipher.block()
}

#[test]
fn what_ciphers_refuse() {
    let message = |result: Result<Vec<u8>, Exception>| {
        let thrown = result.unwrap_err();
        assert_eq!(thrown.type_name(), "System.Security.Cryptography.CryptographicException");
        thrown.message().to_owned()
    };
    let (cbc, pkcs7) = (Mode::Cbc, Padding::Pkcs7);
    let wrong_key = setting(Cipher::Aes, &[0; 5], &[0; 16], cbc, pkcs7);
    assert_eq!(message(sealed(b"x", &wrong_key)), "Specified key is not a valid size for this algorithm.");
    let wrong_iv = setting(Cipher::Aes, &[0; 16], &[0; 8], cbc, pkcs7);
    assert!(message(sealed(b"x", &wrong_iv)).contains("initialization vector"));
    let right = setting(Cipher::Aes, &[0; 16], &[0; 16], cbc, pkcs7);
    assert_eq!(message(decrypt(&[0; 15], &right)), "The input data is not a complete block.");
    assert_eq!(message(decrypt(&[0; 16], &right)), "Padding is invalid and cannot be removed.");
    let unpadded = setting(Cipher::Aes, &[0; 16], &[0; 16], cbc, Padding::None);
    assert!(message(sealed(b"x", &unpadded)).contains("complete block"));
}

const CERTIFICATE: &str = concat!(
    "MIICgjCCAiegAwIBAgIFAMD/7gEwCgYIKoZIzj0EAwIwgYgxCzAJBgNVBAYTAk5MMQ4wDAYDVQQIDAVOb3J0aDEMMAoGA1UE",
    "BwwDQW1zMRUwEwYDVQQKDAxDb250b3NvLCBMdGQxFDAIBgNVBAsMAUEwCAYDVQQLDAFCMRgwFgYDVQQDDA9hcGkuZXhhbXBs",
    "ZS5jb20xFDASBgkqhkiG9w0BCQEWBWFAYi5jMB4XDTI2MTEyMjA4MDIwN1oXDTM2MTExOTA4MDIwN1owgYgxCzAJBgNVBAYT",
    "Ak5MMQ4wDAYDVQQIDAVOb3J0aDEMMAoGA1UEBwwDQW1zMRUwEwYDVQQKDAxDb250b3NvLCBMdGQxFDAIBgNVBAsMAUEwCAYD",
    "VQQLDAFCMRgwFgYDVQQDDA9hcGkuZXhhbXBsZS5jb20xFDASBgkqhkiG9w0BCQEWBWFAYi5jMFkwEwYHKoZIzj0CAQYIKoZI",
    "zj0DAQcDQgAEms8K8Vg8Rx6NPf6u60iHCi2AsDHAONLiDR7ZTjaUPHmmfWfWHnaRsOdrxOPUi9y8+reyccWj9uR8UBmwHoe1",
    "maN8MHowHQYDVR0OBBYEFFK4+46g9XxGXltOn4Xqvx2p52UNMB8GA1UdIwQYMBaAFFK4+46g9XxGXltOn4Xqvx2p52UNMA8G",
    "A1UdEwEB/wQFMAMBAf8wJwYDVR0RBCAwHoIPYWx0LmV4YW1wbGUuY29thgtodHRwczovL3gveTAKBggqhkjOPQQDAgNJADBG",
    "AiEAgVoEnY2GR+/T+6fuFMrWeX6M8s2Xk76pr10yNZKMG9oCIQCwGgxc5tXBTXUKeDM27tdqvG4jjbMebruy+FXnlepMEw==",
);

#[test]
fn members_in_expressions() {
    use crate::testing::{assert_evaluates, assert_throws};
    let cases = [
        (
            r#"@{ using (var h = SHA256.Create()) { return Convert.ToBase64String(h.ComputeHash(Encoding.UTF8.GetBytes("hello"))); } }"#,
            "System.String",
            "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        ),
        (
            r#"@(BitConverter.ToString(new HMACSHA256(Encoding.UTF8.GetBytes("key")).ComputeHash(Encoding.UTF8.GetBytes("hello"))).Substring(0, 8))"#,
            "System.String",
            "93-07-B3",
        ),
        (
            r#"@(BitConverter.ToString(System.Security.Cryptography.MD5.Create().ComputeHash(new byte[0])).Substring(0, 5))"#,
            "System.String",
            "D4-1D",
        ),
        (
            r#"@(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes("hello").Encrypt("Aes", new byte[32], new byte[16]).Decrypt("Aes", new byte[32], new byte[16])))"#,
            "System.String",
            "hello",
        ),
        (
            r#"@(BitConverter.ToString(Encoding.UTF8.GetBytes("hello").Encrypt("Aes", new byte[16], new byte[16])))"#,
            "System.String",
            "98-34-ED-51-8C-BC-8F-BE-9A-F3-C6-EC-B7-5E-B8-C0",
        ),
        (
            r#"@{ var a = SymmetricAlgorithm.Create("Aes"); a.Key = new byte[16]; a.IV = new byte[16]; a.Padding = PaddingMode.Zeros; return BitConverter.ToString(Encoding.UTF8.GetBytes("hello").Encrypt(a)).Substring(0, 5); }"#,
            "System.String",
            "10-FB",
        ),
        (r#"@(HashAlgorithmName.SHA256.Name)"#, "System.String", "SHA256"),
        (
            r#"@{ var r = new RNGCryptoServiceProvider(); var b = new byte[8]; r.GetNonZeroBytes(b); return b[7] != 0; }"#,
            "System.Boolean",
            "true",
        ),
        (r#"@(new HMACSHA256().Key.Length)"#, "System.Int32", "64"),
    ];
    for (expression, type_name, value) in cases {
        assert_evaluates(expression, type_name, value);
    }
    let crypto = "System.Security.Cryptography.CryptographicException";
    assert_throws("@(new byte[1].Encrypt(\"Aes\", new byte[5], new byte[16]))", crypto);
    assert_throws("@(new byte[1].Encrypt(\"Serpent\", new byte[8], new byte[8]))", crypto);
    assert_throws("@(new X509Certificate2(new byte[3]).Thumbprint)", crypto);
    let disposed = "@{ var h = SHA256.Create(); h.Dispose(); return h.ComputeHash(new byte[0]); }";
    assert_throws(disposed, "System.ObjectDisposedException");
    let certificate = format!("new X509Certificate2(Convert.FromBase64String(\"{CERTIFICATE}\"))");
    assert_evaluates(&format!("@({certificate}.SerialNumber)"), "System.String", "00C0FFEE01");
    assert_evaluates(&format!("@({certificate}.NotAfter.Year)"), "System.Int32", "2036");
    assert_evaluates(&format!("@({certificate}.SubjectName.Name.Length)"), "System.Int32", "80");
    assert_evaluates(
        &format!("@(Convert.ToBase64String({certificate}.GetCertHash()))"),
        "System.String",
        "xSAkpP58SS4te/Icz+PqUmaaNCU=",
    );
}

const LEAF: &[u8] = include_bytes!("tests/leaf.pem");
const ROOT: &[u8] = include_bytes!("tests/ca.pem");

/// Puts a file in the place of `$` and runs the code over the certificate `c`.
fn over(file: &[u8], password: &str, code: &str) -> String {
    let file = STANDARD.encode(file);
    format!(
        r#"@{{ var c = new X509Certificate2(Convert.FromBase64String("{file}"), "{password}"); return {code}; }}"#
    )
}

#[test]
fn facts_of_a_certificate() {
    use crate::testing::assert_evaluates;
    let name = r#"E=me@example.com, CN=api.example.com, OU="API ""Team""", O="Contoso, Ltd", L=Amsterdam, S=Noord-Holland, C=NL"#;
    let cases = [
        ("c.Subject", name),
        ("c.SubjectName.Name", name),
        ("c.Issuer", "CN=Contoso Test Root, O=\"Contoso, Ltd\", C=NL"),
        ("c.SerialNumber", "00C0FFEE01"),
        ("Convert.ToBase64String(c.GetSerialNumber())", "Ae7/wAA="),
        ("c.GetKeyAlgorithmParametersString()", "0500"),
        ("c.SignatureAlgorithm.FriendlyName", "sha256RSA"),
        ("c.PublicKey.Oid.FriendlyName", "RSA"),
        ("c.GetNameInfo(X509NameType.SimpleName, false)", "api.example.com"),
        ("c.GetNameInfo(X509NameType.SimpleName, true)", "Contoso Test Root"),
        ("c.GetNameInfo(X509NameType.EmailName, false)", "me@example.com"),
        ("c.GetNameInfo(X509NameType.UpnName, false)", "upn@example.com"),
        ("c.GetNameInfo(X509NameType.DnsName, false)", "api.example.com"),
        ("c.GetNameInfo(X509NameType.DnsName, true)", "Contoso Test Root"),
        ("c.GetNameInfo(X509NameType.DnsFromAlternativeName, true)", ""),
        ("c.GetNameInfo(X509NameType.UrlName, false)", "https://x/y"),
        ("c.Extensions[0].Oid.Value + c.Extensions[\"2.5.29.19\"].Critical", "2.5.29.17False"),
        (
            "c.Extensions.Count + \" \" + c.Version + \" \" + c.HasPrivateKey + \" \" + (c.PrivateKey == null)",
            "6 3 False True",
        ),
        ("c.PublicKey.Key.KeySize + \" \" + c.GetRSAPublicKey().KeySize", "2048 2048"),
    ];
    for (code, value) in cases {
        assert_evaluates(&over(LEAF, "", code), "System.String", value);
    }
    let curve = include_bytes!("tests/ec.pem");
    assert_evaluates(&over(curve, "", "c.GetRSAPublicKey() == null"), "System.Boolean", "true");
    assert_evaluates(&over(curve, "", "c.GetKeyAlgorithm()"), "System.String", "1.2.840.10045.2.1");
    assert_evaluates(
        &over(curve, "", "c.GetKeyAlgorithmParametersString()"),
        "System.String",
        "06082A8648CE3D030107",
    );
}

/// PKCS#1 signature of the bytes 1, 2, 3 with SHA-256, as .NET makes it.
const SIGNATURE: &str = "Ua3MBHEIqD2184gvBrNhvSLLIkxUyCwMlbDscFYDSiPo++x/ct452guWOnam6NHvM2Jr6jK9+PRWOLayS/kzErQ79GPk4HvLc5NDkR3IONMXWJt7DacTinl9JFvv7awbvPjV2bWzCPsompkpvjj49mrbe/HVOovi+GBp/io5EJ0V4cgiaMvYXfXvFUMvWKBa+gHw4o3EiFOuEkq0G4VMdzoxoWPFQ2doEoesKFPu8mFlCx8JwNJZ8A2S9NrYNZyw8mZSWljhY7jme6BGCUImPlrf6ffL1yuRT0plaFPu1awYGKWTLXXjDiCL92AFvWPFVl27YHkUKQULAb7VfEmbow==";

#[test]
fn archives_with_keys() {
    use crate::testing::{assert_evaluates, assert_throws};
    let archives = [&include_bytes!("tests/leaf.pfx")[..], include_bytes!("tests/leaf-legacy.pfx")];
    let sign = "Convert.ToBase64String(((RSACng)c.GetRSAPrivateKey()).SignData(new byte[] { 1, 2, 3 }, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))";
    let verify = format!(
        r#"c.GetRSAPublicKey().VerifyData(new byte[] {{ 1, 2, 3 }}, Convert.FromBase64String("{SIGNATURE}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)"#
    );
    for archive in archives {
        assert_evaluates(&over(archive, "secret", "c.HasPrivateKey"), "System.Boolean", "true");
        assert_evaluates(&over(archive, "secret", sign), "System.String", SIGNATURE);
        assert_evaluates(&over(archive, "secret", &verify), "System.Boolean", "true");
        let crypto = "System.Security.Cryptography.CryptographicException";
        assert_throws(&over(archive, "wrong", "c.Subject"), crypto);
    }
    for padding in ["Pkcs1", "OaepSHA1", "OaepSHA256"] {
        let code = format!(
            "c.GetRSAPrivateKey().Decrypt(c.GetRSAPublicKey().Encrypt(new byte[] {{ 5 }}, RSAEncryptionPadding.{padding}), RSAEncryptionPadding.{padding})[0]"
        );
        assert_evaluates(&over(archives[0], "secret", &code), "System.Byte", "5");
    }
    let again = "RSA.Create(c.GetRSAPrivateKey().ExportParameters(true)).ToXmlString(true) == c.GetRSAPrivateKey().ToXmlString(true)";
    assert_evaluates(&over(archives[0], "secret", again), "System.Boolean", "true");
    let pss = "c.GetRSAPublicKey().VerifyHash(new byte[32], c.GetRSAPrivateKey().SignHash(new byte[32], HashAlgorithmName.SHA256, RSASignaturePadding.Pss), HashAlgorithmName.SHA256, RSASignaturePadding.Pss)";
    assert_evaluates(&over(archives[0], "secret", pss), "System.Boolean", "true");
    let without_key =
        "c.GetRSAPublicKey().SignHash(new byte[32], HashAlgorithmName.SHA256, RSASignaturePadding.Pss)";
    assert_throws(
        &over(archives[0], "secret", without_key),
        "System.Security.Cryptography.CryptographicException",
    );
}

#[test]
fn a_key_of_the_deployment() {
    let pem = String::from_utf8(LEAF.to_vec()).unwrap();
    let inner: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(inner).unwrap();
    let key = include_bytes!("tests/leaf.key.der");
    let value = super::certificate::from_der_and_key(&der, key).unwrap();
    let mut context = crate::image::JsonContext::default();
    context.set_variable("c", value);
    let sign = r#"@(Convert.ToBase64String(((X509Certificate2)context.Variables["c"]).GetRSAPrivateKey().SignData(new byte[] { 1, 2, 3 }, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)))"#;
    crate::testing::assert_evaluates_in(sign, &mut context, "System.String", SIGNATURE);
}

#[test]
fn a_certificate_with_its_key_for_a_tls_client() {
    use super::certificate::{KeyedCertificate, thumbprint};
    let key = include_bytes!("tests/leaf.key.der");
    let block = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    };
    let leaf = String::from_utf8(LEAF.to_vec()).unwrap();
    let pem = format!("{leaf}{}{}", String::from_utf8(ROOT.to_vec()).unwrap(), block("PRIVATE KEY", key));
    let archive = include_bytes!("tests/leaf.pfx");
    let read = |data: &[u8], password: &str| {
        KeyedCertificate::read(data, password, &crate::Limits::default())
            .map_err(|exception| exception.message().to_owned())
    };
    let from_pem = read(pem.as_bytes(), "").unwrap();
    let from_archive = read(archive, "secret").unwrap();
    assert_eq!(from_pem.chain.len(), 2);
    assert_eq!(from_pem.private_key.as_slice(), key);
    assert_eq!(from_pem.chain[0], from_archive.chain[0]);
    assert_eq!(thumbprint(&from_pem.chain[0]).len(), 40);
    let wrong = "The specified network password is not correct.";
    assert_eq!(read(archive, "other").unwrap_err(), wrong);
    assert_eq!(read(LEAF, "").unwrap_err(), "The certificate comes without a private key.");
    assert_eq!(read(b"text", "").unwrap_err(), "Cannot find the requested object.");
    assert!(!format!("{from_pem:?}").contains("private_key"));
}

#[test]
fn chains_are_verified_against_the_hosts_roots() {
    use crate::testing::assert_evaluates_in;
    let der = |pem: &[u8]| {
        let text = String::from_utf8(pem.to_vec()).unwrap();
        let inner: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(inner).unwrap()
    };
    // 2030-01-01 and 2050-01-01.
    const VALID: i64 = 640_290_528_000_000_000;
    const EXPIRED: i64 = 646_602_048_000_000_000;
    let trusted = super::TrustStore::new([der(ROOT)], []);
    let other = super::TrustStore::new([der(include_bytes!("tests/ec.pem"))], []);
    let cases = [
        (LEAF, None, VALID, "false"),
        (LEAF, Some(&trusted), VALID, "true"),
        (LEAF, Some(&trusted), EXPIRED, "false"),
        (LEAF, Some(&trusted), 0, "false"),
        (LEAF, Some(&other), VALID, "false"),
        (ROOT, Some(&trusted), VALID, "true"),
        (ROOT, Some(&other), VALID, "false"),
    ];
    for (certificate, store, now, expected) in cases {
        let mut context = crate::image::JsonContext {
            trust_store: store.cloned(),
            now_ticks: now,
            ..crate::image::JsonContext::default()
        };
        for member in ["Verify", "VerifyNoRevocation"] {
            let expression = over(certificate, "", &format!("c.{member}()"));
            assert_evaluates_in(&expression, &mut context, "System.Boolean", expected);
        }
    }
}
