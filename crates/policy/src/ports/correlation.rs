//! Where a call stands in a distributed trace: the W3C Trace Context of `traceparent` and `tracestate`, or the older
//! protocol of [`Request-Id`](request_id).

mod request_id;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

pub use request_id::{REQUEST_ID, RequestIds};

/// `traceparent`.
pub static TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate`.
pub static TRACE_STATE: HeaderName = HeaderName::from_static("tracestate");

/// The place of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: [u8; 16],
    /// The call itself.
    pub span_id: [u8; 8],
    /// Whoever called; none for a trace that begins here.
    pub parent_id: Option<[u8; 8]>,
    /// The caller wants the trace to be recorded.
    pub is_sampled: bool,
    /// `tracestate`, as it came.
    pub state: Option<HeaderValue>,
    /// The ids of the older protocol, where that is spoken in place of the standard.
    pub legacy: Option<RequestIds>,
}

impl TraceContext {
    fn begun(trace_id: [u8; 16], span_id: [u8; 8]) -> Self {
        Self { trace_id, span_id, parent_id: None, is_sampled: true, state: None, legacy: None }
    }

    /// The place that the headers of a request give, or the beginning of a trace. `fresh` is random.
    pub fn of(headers: &HeaderMap, fresh: [u8; 16], span: [u8; 8]) -> Self {
        let begun = Self::begun(fresh, span);
        let mut parents = headers.get_all(&TRACE_PARENT).iter();
        // More than one is as good as none.
        let (Some(parent), None) = (parents.next(), parents.next()) else { return begun };
        let Some((trace_id, parent_id, flags)) = parse(parent.as_bytes()) else { return begun };
        let mut states = headers.get_all(&TRACE_STATE).iter();
        let state = match (states.next(), states.next()) {
            (Some(state), None) => Some(state.clone()),
            _ => None,
        };
        Self { trace_id, parent_id: Some(parent_id), is_sampled: flags & 1 == 1, state, ..begun }
    }

    /// The same by `Request-Id`.
    pub fn legacy(headers: &HeaderMap, fresh: [u8; 16], span: [u8; 8]) -> Self {
        let mut ids = headers.get_all(&REQUEST_ID).iter();
        let caller = ids.next().filter(|_| ids.next().is_none()).and_then(|id| id.to_str().ok());
        Self { legacy: Some(RequestIds::of(caller, &fresh, &span)), ..Self::begun(fresh, span) }
    }

    /// Tells whoever is called where the call stands: `span_id` is the call that this one makes.
    pub fn pass_on(&self, span_id: [u8; 8], headers: &mut HeaderMap) {
        if let Some(ids) = &self.legacy {
            if let Ok(id) = HeaderValue::from_str(&ids.below(&span_id)) {
                headers.insert(&REQUEST_ID, id);
            }
            return;
        }
        headers.insert(&TRACE_PARENT, self.header(span_id));
        match &self.state {
            Some(state) => headers.insert(&TRACE_STATE, state.clone()),
            None => headers.remove(&TRACE_STATE),
        };
    }

    /// `traceparent` for a call that this one makes.
    pub fn header(&self, span_id: [u8; 8]) -> HeaderValue {
        let mut text = [0_u8; 55];
        text[..3].copy_from_slice(b"00-");
        // Digits have the room that they need.
        let _ = const_hex::encode_to_slice(self.trace_id, &mut text[3..35]);
        text[35] = b'-';
        let _ = const_hex::encode_to_slice(span_id, &mut text[36..52]);
        text[52..].copy_from_slice(if self.is_sampled { b"-01" } else { b"-00" });
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// `version-trace-parent-flags`. Later versions may say more behind it.
fn parse(text: &[u8]) -> Option<([u8; 16], [u8; 8], u8)> {
    let text = text.trim_ascii();
    let (head, rest) = text.split_at_checked(55)?;
    let version: [u8; 1] = unhex(head.get(..2)?)?;
    let is_known = version[0] == 0 && rest.is_empty();
    let is_later = version[0] > 0 && version[0] != 0xff && matches!(rest.first(), None | Some(b'-'));
    if !(is_known || is_later) || [head[2], head[35], head[52]] != *b"---" {
        return None;
    }
    let trace_id: [u8; 16] = unhex(head.get(3..35)?)?;
    let parent_id: [u8; 8] = unhex(head.get(36..52)?)?;
    let flags: [u8; 1] = unhex(head.get(53..55)?)?;
    (trace_id != [0; 16] && parent_id != [0; 8]).then_some((trace_id, parent_id, flags[0]))
}

/// Lower-case digits only, as the standard has it.
fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    (text.len() == 2 * N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parent: &str) -> TraceContext {
        let headers = HeaderMap::from_iter([(TRACE_PARENT.clone(), HeaderValue::from_str(parent).unwrap())]);
        TraceContext::of(&headers, [1; 16], [2; 8])
    }

    #[test]
    fn a_trace_goes_on() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let context = of(parent);
        assert_eq!(context.parent_id, Some([0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]));
        assert!(!context.is_sampled);
        let next = context.header([0xab; 8]);
        assert_eq!(next, "00-0af7651916cd43dd8448eb211c80319c-abababababababab-00");
        assert!(of("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what").is_sampled);
    }

    #[test]
    fn what_is_no_place_begins_a_trace() {
        for parent in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            let context = of(parent);
            assert_eq!((context.trace_id, context.parent_id), ([1; 16], None), "{parent}");
        }
        let mut two = HeaderMap::new();
        let parent = HeaderValue::from_static("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        two.append(&TRACE_PARENT, parent.clone());
        two.append(&TRACE_PARENT, parent);
        assert_eq!(TraceContext::of(&two, [1; 16], [2; 8]).parent_id, None);
    }
}
