"""What every client must be able to say of a call, and what the backend must have seen of it."""

QUESTION = "What does the checkpoint write down?"
# The simulated model repeats the question it was asked.
ANSWER_START = f'Simulated answer to "{QUESTION}": '

MESSAGES = [{"role": "system", "content": "Answer in one line."}, {"role": "user", "content": QUESTION}]

WEATHER_QUESTION = "Please get weather of Kyoto"
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
WEATHER_ARGUMENTS = {"city": "simulated city", "days": 1}

# Azure OpenAI has the Responses API on its dated surface from this version on.
FIRST_WITH_RESPONSES = "2025-03-01-preview"

# The example whose APIs form a version set and which has an OpenAI v1 API as well.
VERSIONED = "multi-region"

MISSING_KEY = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
INVALID_KEY = (
    "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription."
)


def assert_signed_in_without_the_callers_key(seen: dict, key: str) -> None:
    """The caller's key stays at the gateway; the backend gets the gateway's own token or the account's key."""
    headers = seen["headers"]
    for name, value in headers.items():
        assert key not in value, f"the subscription key reached the backend in {name}"
    assert key not in seen["body"]
    assert key not in seen["path"], "the subscription key reached the backend in its URL"
    token = headers.get("authorization", "").removeprefix("Bearer ").strip()
    assert token or headers.get("api-key"), "the backend got neither a token nor an account's key"


def assert_charged(simulator, prompt: int, completion: int, total: int) -> None:
    """The usage the client was told adds up, and is what the backend charged."""
    assert prompt > 0
    assert prompt + completion == total
    assert simulator.tokens() == (prompt, completion)
