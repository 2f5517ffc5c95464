use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::aes::{Mode, Padding, decrypt, encrypt};
use super::hash::Algorithm;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn digests_of_dotnet() {
    let of = |algorithm: Algorithm| {
        (hex(&algorithm.digest(b"hello")), hex(&algorithm.authenticate(b"key", b"hello")))
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
            let encrypted = encrypt(b"hello", &key, &iv, Mode::Cbc, padding).unwrap();
            assert_eq!(hex(&encrypted), expected, "{length} {padding:?}");
            let back = decrypt(&encrypted, &key, &iv, Mode::Cbc, padding).unwrap();
            assert!(back.starts_with(b"hello") && (padding == Padding::Zeros || back.len() == 5));
        }
        let encrypted = encrypt(&[0; 16], &key, &iv, Mode::Ecb, Padding::Pkcs7).unwrap();
        assert_eq!(hex(&encrypted), ecb);
        assert_eq!(decrypt(&encrypted, &key, &iv, Mode::Ecb, Padding::Pkcs7).unwrap(), [0; 16]);
    }
}

#[test]
fn several_blocks_in_cbc_are_chained() {
    let (key, iv): (Vec<u8>, Vec<u8>) = ((0..32).collect(), (16..32).collect());
    let text: Vec<u8> = (0..100).collect();
    let encrypted = encrypt(&text, &key, &iv, Mode::Cbc, Padding::Pkcs7).unwrap();
    assert_eq!(encrypted.len(), 112);
    assert_eq!(decrypt(&encrypted, &key, &iv, Mode::Cbc, Padding::Pkcs7).unwrap(), text);
}

#[test]
fn what_aes_refuses() {
    let message = |result: Result<Vec<u8>, crate::exception::Exception>| {
        let thrown = result.unwrap_err();
        assert_eq!(thrown.type_name(), "System.Security.Cryptography.CryptographicException");
        thrown.message().to_owned()
    };
    let (cbc, pkcs7) = (Mode::Cbc, Padding::Pkcs7);
    assert_eq!(
        message(encrypt(b"x", &[0; 5], &[0; 16], cbc, pkcs7)),
        "Specified key is not a valid size for this algorithm."
    );
    assert!(message(encrypt(b"x", &[0; 16], &[0; 8], cbc, pkcs7)).contains("initialization vector"));
    assert_eq!(
        message(decrypt(&[0; 15], &[0; 16], &[0; 16], cbc, pkcs7)),
        "The input data is not a complete block."
    );
    assert_eq!(
        message(decrypt(&[0; 16], &[0; 16], &[0; 16], cbc, pkcs7)),
        "Padding is invalid and cannot be removed."
    );
    assert!(message(encrypt(b"x", &[0; 16], &[0; 16], cbc, Padding::None)).contains("complete block"));
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
fn facts_of_a_certificate() {
    let der = STANDARD.decode(CERTIFICATE).unwrap();
    let facts = super::certificate::tests::facts(&der);
    // Parts with several values are joined as current .NET does it; mono writes commas.
    let name = "E=a@b.c, CN=api.example.com, OU=A + OU=B, O=\"Contoso, Ltd\", L=Ams, S=North, C=NL";
    assert_eq!(facts.names, [name, name]);
    assert_eq!(facts.thumbprint, "C52024A4FE7C492E2D7BF21CCFE3EA52669A3425");
    assert_eq!(facts.serial, "00C0FFEE01");
    // 2026-11-22T08:02:07 to 2036-11-19T08:02:07.
    assert_eq!(facts.validity, [639_309_313_270_000_000, 642_462_913_270_000_000]);
    assert_eq!(
        facts.infos,
        ["api.example.com", "a@b.c", "", "alt.example.com", "alt.example.com", "https://x/y"]
    );
    assert_eq!(facts.algorithms, ["1.2.840.10045.2.1", "1.2.840.10045.4.3.2"]);
    assert!(super::certificate::from_der(b"no certificate").is_err());
}

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
            r#"@(BitConverter.ToString(new System.Security.Cryptography.MD5Managed().ComputeHash(new byte[0])).Substring(0, 5))"#,
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
    assert_throws("@(new byte[1].Encrypt(\"DES\", new byte[8], new byte[8]))", crypto);
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
