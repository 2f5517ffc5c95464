use super::*;

fn counts(kind: Kind, body: &str) -> Option<(Option<u64>, Option<u64>, Option<u64>)> {
    read_usage(kind, body.as_bytes()).map(|usage| (usage.prompt, usage.completion, usage.total))
}

#[test]
fn chat_completion_with_every_detail() {
    let body = br#"{"id":"x","choices":[{"message":{"content":"say \"usage\": {}"}}],"usage":{
        "prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
        "prompt_tokens_details":{"cached_tokens":64,"audio_tokens":3},
        "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":4,
          "accepted_prediction_tokens":5,"rejected_prediction_tokens":6}}}"#;
    let usage = read_usage(Kind::ChatCompletions, body).unwrap();
    let expected = Usage {
        provenance: Provenance::Reported,
        prompt_provenance: Provenance::Reported,
        completion_provenance: Provenance::Reported,
        prompt: Some(100),
        completion: Some(50),
        total: Some(150),
        cached: Some(64),
        cache_written: None,
        reasoning: Some(20),
        prompt_audio: Some(3),
        completion_audio: Some(4),
        accepted_prediction: Some(5),
        rejected_prediction: Some(6),
    };
    assert_eq!(usage, expected);
}

#[test]
fn every_format_has_its_names() {
    let responses = r#"{"output":[],"usage":{"input_tokens":7,"output_tokens":5,"total_tokens":12,
        "input_tokens_details":{"cached_tokens":2},"output_tokens_details":{"reasoning_tokens":1}}}"#;
    let usage = read_usage(Kind::Responses, responses.as_bytes()).unwrap();
    assert_eq!((usage.total, usage.cached, usage.reasoning), (Some(12), Some(2), Some(1)));

    let embeddings = r#"{"data":[],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    assert_eq!(counts(Kind::Embeddings, embeddings), Some((Some(8), Some(0), Some(8))));

    let both_names = r#"{"usage":{"prompt_tokens":4,"input_tokens":4,"completion_tokens":1}}"#;
    assert_eq!(counts(Kind::Completions, both_names), Some((Some(4), Some(1), Some(5))));
}

#[test]
fn anthropic_cache_tokens_are_part_of_the_prompt() {
    let body = br#"{"usage":{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":5,
        "output_tokens":20}}"#;
    let usage = read_usage(Kind::AnthropicMessages, body).unwrap();
    assert_eq!((usage.prompt, usage.completion, usage.total), (Some(105), Some(20), Some(125)));
    assert_eq!((usage.cached, usage.cache_written), (Some(90), Some(5)));
}

#[test]
fn unknown_is_not_zero() {
    assert_eq!(counts(Kind::ChatCompletions, r#"{"choices":[]}"#), None);
    assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":null}"#), None);
    assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":{}}"#), None);
    assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":"much"}"#), None);
    assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":[1,2,3]}"#), None);
    assert_eq!(counts(Kind::ChatCompletions, r#"[{"usage":{"total_tokens":1}}]"#), None);
    assert_eq!(counts(Kind::ChatCompletions, r#"{"a":{"usage":{"total_tokens":1}}}"#), None);
    assert_eq!(counts(Kind::Other, r#"{"usage":{"total_tokens":1}}"#), None);
    assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":{"prompt_tokens":3"#), None);
    let only_prompt = r#"{"usage":{"prompt_tokens":3,"completion_tokens":-1,"total_tokens":"x"}}"#;
    assert_eq!(counts(Kind::ChatCompletions, only_prompt), Some((Some(3), None, None)));
    assert_eq!(
        counts(Kind::ChatCompletions, r#"{"usage":{"total_tokens":3.0}}"#),
        Some((None, None, Some(3)))
    );
}

#[test]
fn sums_do_not_overflow() {
    let body = format!(r#"{{"usage":{{"prompt_tokens":{},"completion_tokens":2}}}}"#, u64::MAX);
    assert_eq!(counts(Kind::ChatCompletions, &body).unwrap().2, Some(u64::MAX));
}

#[test]
fn images_and_transcriptions_report_tokens() {
    let images = r#"{"created":1,"data":[{"b64_json":"AA"}],"usage":{"total_tokens":100,"input_tokens":50,
        "output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"#;
    for kind in [Kind::ImageGenerations, Kind::ImageEdits] {
        assert_eq!(counts(kind, images), Some((Some(50), Some(50), Some(100))));
    }
    let transcription = br#"{"text":"hi","usage":{"type":"tokens","input_tokens":14,
        "input_token_details":{"text_tokens":4,"audio_tokens":10},"output_tokens":45,"total_tokens":59}}"#;
    let usage = read_usage(Kind::AudioTranscriptions, transcription).unwrap();
    assert_eq!((usage.prompt, usage.completion, usage.total), (Some(14), Some(45), Some(59)));
    assert_eq!(usage.prompt_audio, Some(10));
    let duration = r#"{"text":"hi","usage":{"type":"duration","seconds":12}}"#;
    assert_eq!(counts(Kind::AudioTranscriptions, duration), None);
}

#[test]
fn reply_names_its_model() {
    let body = br#"{"model":"gpt-4o-2024-08-06","usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let reply = read_reply(Kind::ChatCompletions, body);
    assert_eq!(reply.model.as_deref(), Some("gpt-4o-2024-08-06"));
    assert_eq!(reply.usage, read_usage(Kind::ChatCompletions, body));
    assert_eq!(read_reply(Kind::Other, body).usage, None);
    assert_eq!(read_reply(Kind::ChatCompletions, br#"{"model":null}"#), Reply::default());
    assert_eq!(read_reply(Kind::ChatCompletions, b"[]"), Reply::default());
}

#[test]
fn realtime_reports_with_each_response() {
    let done = br#"{"type":"response.done","event_id":"e","response":{"object":"realtime.response","status":"completed",
        "usage":{"total_tokens":253,"input_tokens":132,"output_tokens":121,
        "input_token_details":{"text_tokens":119,"audio_tokens":13,"cached_tokens":64,"cached_tokens_details":{"text_tokens":64}},
        "output_token_details":{"text_tokens":30,"audio_tokens":91}}}}"#;
    let usage = read_realtime(done).unwrap();
    assert_eq!((usage.prompt, usage.completion, usage.total), (Some(132), Some(121), Some(253)));
    assert_eq!((usage.cached, usage.prompt_audio, usage.completion_audio), (Some(64), Some(13), Some(91)));
    assert_eq!(usage.provenance, Provenance::Reported);

    let transcription =
        br#"{"type":"conversation.item.input_audio_transcription.completed","transcript":"hi",
        "usage":{"type":"tokens","total_tokens":22,"input_tokens":13,"output_tokens":9}}"#;
    assert_eq!(read_realtime(transcription).unwrap().total, Some(22));

    let others: [&[u8]; 5] = [
        b"",
        br#"{"type":"response.created","response":{"usage":{"total_tokens":1}}}"#,
        br#"{"type":"response.done","response":{"usage":null}}"#,
        br#"{"type":"response.audio.delta","delta":"AAAA"}"#,
        br#"{"usage":{"total_tokens":1}}"#,
    ];
    for frame in others {
        assert_eq!(read_realtime(frame), None);
    }
}
