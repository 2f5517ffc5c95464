use proptest::prelude::*;

use super::*;
use crate::usage::Provenance;

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

fn estimate(usage: &StreamUsage, model: Option<&str>) -> (u64, Provenance) {
    let estimate = usage.completion_estimate(model).unwrap();
    (estimate.tokens, estimate.provenance)
}

/// A chunk of Chat Completions.
fn chunk(choice: u64, text: &str) -> String {
    let json = serde_json::json!({"model": "gpt-4o-2024-08-06", "choices": [{"index": choice, "delta": {"content": text}}]});
    format!("data: {json}\n\n")
}

#[test]
fn text_of_every_stream_format_is_counted() {
    let chat = concat!(
        "data: {\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}\n\n",
        "data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hel\"}}]}\n\n",
        "data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo world\"}}]}\n\ndata: [DONE]\n\n"
    );
    let responses = concat!(
        "event: response.created\ndata: {\"response\":{\"model\":\"gpt-4o\"}}\n\n",
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"hel\"}\n\n",
        "event: response.output_text.delta\ndata: {\"delta\":\"lo world\"}\n\n",
        "event: response.output_text.done\ndata: {\"text\":\"hello world\"}\n\n"
    );
    let anthropic = concat!(
        "event: message_start\ndata: {\"message\":{\"model\":\"claude-sonnet\"}}\n\n",
        "event: content_block_delta\ndata: {\"index\":0,\"delta\":{\"text\":\"hel\"}}\n\n",
        "event: content_block_delta\ndata: {\"index\":0,\"delta\":{\"text\":\"lo world\"}}\n\n"
    );
    for size in [1, 7, 10_000] {
        let chat = meter(Kind::ChatCompletions, chat, size);
        assert_eq!((chat.model(), estimate(&chat, None)), (Some("gpt-4o"), (2, Provenance::Counted)));
        assert_eq!(estimate(&chat, Some("my-deployment")), (2, Provenance::Estimated));
        let responses = meter(Kind::Responses, responses, size);
        assert_eq!(
            (responses.model(), estimate(&responses, None)),
            (Some("gpt-4o"), (2, Provenance::Counted))
        );
        let anthropic = meter(Kind::AnthropicMessages, anthropic, size);
        assert_eq!(
            (anthropic.model(), estimate(&anthropic, None)),
            (Some("claude-sonnet"), (2, Provenance::Estimated))
        );
    }
}

#[test]
fn interleaved_choices_are_texts_of_their_own() {
    let stream = [chunk(0, "hel"), chunk(1, "hello wo"), chunk(0, "lo"), chunk(1, "rld")].concat();
    let usage = meter(Kind::ChatCompletions, &stream, 50);
    assert_eq!(estimate(&usage, None), (3, Provenance::Counted));
}

#[test]
fn tool_calls_and_thoughts_are_estimates() {
    let call = "data: {\"model\":\"gpt-4o\",\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\n";
    assert_eq!(estimate(&meter(Kind::ChatCompletions, call, 99), None), (2, Provenance::Estimated));
}

#[test]
fn long_text_is_counted_in_parts_to_the_same_sum() {
    let text = "The clerk isn't counting; 関所の役人は、数える。 ".repeat(4000);
    let characters: Vec<char> = text.chars().collect();
    let deltas = characters.chunks(11).map(|part| chunk(0, &part.iter().collect::<String>()));
    let usage = meter(Kind::ChatCompletions, &deltas.collect::<String>(), 4096);
    let whole = crate::text_tokens(Some("gpt-4o"), &text);
    assert_eq!(estimate(&usage, Some("gpt-4o")), (whole.tokens, Provenance::Counted));
    assert_eq!(estimate(&usage, Some("gpt-4")).1, Provenance::Estimated);
}

#[test]
fn many_long_choices_are_counted_in_parts_to_the_same_sum() {
    let text = "The clerk isn't counting; 関所の役人は、数える。 ";
    let mut stream = String::new();
    for number in 0..3000 {
        stream.push_str(&chunk(number % 8, text));
    }
    let whole = crate::text_tokens(Some("gpt-4o"), &text.repeat(3000 / 8));
    let usage = meter(Kind::ChatCompletions, &stream, 4096);
    assert_eq!(estimate(&usage, None), (8 * whole.tokens, Provenance::Counted));
}

#[test]
fn held_text_is_bounded() {
    for text in ["hello world ", "aaaaaaaaaaaa"] {
        let mut usage = StreamUsage::new(Kind::ChatCompletions);
        for number in 0..40_000 {
            let data = chunk(number % 300, text);
            usage.observe(&Event { name: b"", data: data.trim_start_matches("data: ").as_bytes() });
            let held = usage.collected.as_ref().map(Collected::held_bytes);
            assert!(held.is_some_and(|bytes| bytes <= 64 * 1024));
        }
        let tokens = estimate(&usage, None).0;
        assert!(tokens >= 40_000, "{tokens}");
    }
}

#[test]
fn unread_event_makes_an_estimate() {
    let stream =
        format!("{}data: {}\n\n{}", chunk(0, "hello"), "x".repeat(2 * 1024 * 1024), chunk(0, " world"));
    let usage = meter(Kind::ChatCompletions, &stream, 64 * 1024);
    assert_eq!(estimate(&usage, None), (2, Provenance::Estimated));
}

#[test]
fn text_is_collected_only_when_asked_for() {
    let mut meter = StreamMeter::without_text(Kind::ChatCompletions);
    meter.push(CHAT.as_bytes());
    meter.push(chunk(0, "hello").as_bytes());
    let usage = meter.finish();
    assert_eq!(usage.completion_estimate(None), None);
    assert_eq!(counts(&usage), Some((Some(9), Some(4), Some(13))));
    assert_eq!(StreamMeter::new(Kind::Embeddings).finish().completion_estimate(None), None);
}

#[test]
fn images_and_audio_tell_their_usage_in_their_last_event() {
    let image = "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"usage\":{\"input_tokens\":9,\"output_tokens\":4,\"total_tokens\":13}}\n\n";
    let usage = meter(Kind::ImageGenerations, image, 33);
    assert!(usage.finished());
    assert_eq!(counts(&usage), Some((Some(9), Some(4), Some(13))));
    let audio = "event: transcript.text.delta\ndata: {\"type\":\"transcript.text.delta\",\"delta\":\"hello world\"}\n\nevent: transcript.text.done\ndata: {\"type\":\"transcript.text.done\",\"text\":\"hello world\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":2,\"total_tokens\":16}}\n\n";
    let usage = meter(Kind::AudioTranscriptions, audio, 33);
    assert_eq!((usage.finished(), counts(&usage)), (true, Some((Some(14), Some(2), Some(16)))));
    assert_eq!(estimate(&usage, Some("gpt-4o")), (2, Provenance::Counted));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(text in "(data: |\\{|\\}|\"usage\"|:|\"response\"|[0-9]|\n|\\[DONE\\]){0,40}") {
        for kind in [Kind::ChatCompletions, Kind::Responses, Kind::AnthropicMessages] {
            meter(kind, &text, 3);
        }
    }
}
