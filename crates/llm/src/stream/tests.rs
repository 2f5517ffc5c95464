use proptest::prelude::*;

use super::*;

fn meter(kind: Kind, stream: &str, size: usize) -> StreamUsage {
    let mut meter = StreamMeter::new(kind);
    for chunk in stream.as_bytes().chunks(size) {
        meter.push(chunk);
    }
    meter.finish()
}

fn counts(usage: &StreamUsage) -> Option<(Option<u64>, Option<u64>, Option<u64>)> {
    usage.usage().map(|usage| (usage.prompt, usage.completion, usage.total))
}

const CHAT: &str = concat!(
    "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\": 7\"}}],\"usage\":null}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}\n\n",
    "data: [DONE]\n\n"
);

const RESPONSES: &str = concat!(
    "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n",
    "event: response.output_text.delta\ndata: {\"delta\":\"usage\"}\n\n",
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":",
    "{\"input_tokens\":3,\"output_tokens\":2,\"total_tokens\":5}}}\n\n"
);

const ANTHROPIC: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":",
    "{\"input_tokens\":25,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":15}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
);

#[test]
fn usage_of_every_stream_format() {
    for size in [1, 5, 64, 10_000] {
        let chat = meter(Kind::ChatCompletions, CHAT, size);
        assert_eq!(counts(&chat), Some((Some(9), Some(4), Some(13))));
        assert!(chat.done() && chat.finished());

        let responses = meter(Kind::Responses, RESPONSES, size);
        assert_eq!(counts(&responses), Some((Some(3), Some(2), Some(5))));
        assert!(!responses.done() && responses.finished());

        let anthropic = meter(Kind::AnthropicMessages, ANTHROPIC, size);
        assert_eq!(counts(&anthropic), Some((Some(30), Some(15), Some(45))));
        assert!(!anthropic.done() && anthropic.finished());
    }
}

#[test]
fn stream_that_says_nothing_is_unknown() {
    let cut = meter(Kind::ChatCompletions, &CHAT[..80], 7);
    assert_eq!(cut.usage(), None);
    assert!(!cut.finished());
    let strange = meter(Kind::ChatCompletions, "data: {\"usage\":[1]}\n\ndata: \"usage\":\n\n", 9);
    assert_eq!(strange.usage(), None);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(text in "(data: |\\{|\\}|\"usage\"|:|\"response\"|[0-9]|\n|\\[DONE\\]){0,40}") {
        for kind in [Kind::ChatCompletions, Kind::Responses, Kind::AnthropicMessages] {
            meter(kind, &text, 3);
        }
    }
}
