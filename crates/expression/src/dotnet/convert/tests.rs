//! Convert and BitConverter against what .NET gives.

use crate::dotnet::format::tests::assert_pinned;
use crate::testing::{assert_evaluates, assert_throws};

#[test]
fn members_give_what_dotnet_gives() {
    assert_pinned(include_str!("pinned.txt"));
}

#[test]
fn bytes_as_hexadecimal_text() {
    assert_evaluates("@(Convert.ToHexString(new byte[] { 1, 171 }))", "System.String", "01AB");
    assert_evaluates(r#"@(Convert.FromHexString("01ab"))"#, "System.Byte[]", "Aas=");
    assert_throws(r#"@(Convert.FromHexString("01a"))"#, "System.FormatException");
}
