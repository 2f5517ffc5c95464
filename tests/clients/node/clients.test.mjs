// npm's openai through the gateway. SEKISHO_DEMO holds the demo's line of JSON; see tests/clients/README.md.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import OpenAI, { AuthenticationError, AzureOpenAI, NotFoundError } from "openai";

const demo = JSON.parse(process.env.SEKISHO_DEMO ?? "null");
assert(demo, "SEKISHO_DEMO must hold the line that `sekisho demo --json` prints");

const QUESTION = "What does the checkpoint write down?";
const ANSWER_START = `Simulated answer to "${QUESTION}": `;
const MESSAGES = [{ role: "user", content: QUESTION }];
const WEATHER = [{ role: "user", content: "Please get weather of Kyoto" }];
const WEATHER_TOOL = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } },
  },
};
const WEATHER_ARGUMENTS = { city: "simulated city", days: 1 };
// This example has an OpenAI v1 API too.
const VERSIONED = "multi-region";

async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

async function simulatedAccounts() {
  const reply = await fetch(`${demo.simulator}/__sim/stats`);
  assert.equal(reply.status, 200);
  return Object.values((await reply.json()).resources);
}

/** The one call the backends saw since the last reset, which must not hold the caller's key. */
async function onlyRequest(example) {
  const seen = (await simulatedAccounts()).flatMap((account) => account.recent);
  assert.equal(seen.length, 1);
  const { headers, path, body } = seen[0];
  for (const text of [...Object.values(headers), path, body]) assert(!text.includes(example.apiKey));
  const token = (headers.authorization ?? "").replace(/^Bearer /, "").trim();
  assert(token || headers["api-key"], "the backend got neither a token nor an account's key");
  return seen[0];
}

/** The usage adds up, and is what the backends charged. */
async function assertCharged(prompt, completion, total) {
  assert(prompt > 0);
  assert.equal(prompt + completion, total);
  const charged = (await simulatedAccounts()).map((account) => [account.promptTokens, account.completionTokens]);
  const sum = (index) => charged.reduce((all, each) => all + each[index], 0);
  assert.deepEqual([sum(0), sum(1)], [prompt, completion]);
}

beforeEach(async () => {
  const reply = await fetch(`${demo.simulator}/__sim/reset`, { method: "POST" });
  assert.equal(reply.status, 200);
});

for (const example of demo.examples) {
  const apiVersion = example.apiVersions.at(-1);
  const azure = (changes = {}) =>
    new AzureOpenAI({ endpoint: example.azureEndpoint, apiKey: example.apiKey, apiVersion, maxRetries: 0, ...changes });
  const client = azure();
  const model = example.deployment;
  const v1 = () =>
    new OpenAI({ baseURL: `${example.azureEndpoint}/openai/v1`, apiKey: example.apiKey, maxRetries: 0 });

  describe(example.name, () => {
    test("chat", async () => {
      const completion = await client.chat.completions.create({ model, messages: MESSAGES });
      assert(completion.choices[0].message.content.startsWith(ANSWER_START));
      assert.equal(completion.choices[0].finish_reason, "stop");
      const { prompt_tokens, completion_tokens, total_tokens } = completion.usage;
      await assertCharged(prompt_tokens, completion_tokens, total_tokens);
      const seen = await onlyRequest(example);
      assert.equal(seen.path, `/openai/deployments/${model}/chat/completions?api-version=${apiVersion}`);
    });

    test("chat, streamed", async () => {
      const stream = await client.chat.completions.create({
        model, messages: MESSAGES, stream: true, stream_options: { include_usage: true },
      });
      const chunks = await collect(stream);
      const choices = chunks.flatMap((chunk) => chunk.choices);
      assert(choices.length > 5);
      assert(choices.map((choice) => choice.delta.content ?? "").join("").startsWith(ANSWER_START));
      assert.deepEqual(choices.map((choice) => choice.finish_reason).filter(Boolean), ["stop"]);
      const { prompt_tokens, completion_tokens, total_tokens } = chunks.at(-1).usage;
      await assertCharged(prompt_tokens, completion_tokens, total_tokens);
      await onlyRequest(example);
    });

    test("tools", async () => {
      const completion = await client.chat.completions.create({ model, messages: WEATHER, tools: [WEATHER_TOOL] });
      const [call] = completion.choices[0].message.tool_calls;
      assert.equal(completion.choices[0].finish_reason, "tool_calls");
      assert.equal(call.function.name, "get_weather");
      assert.deepEqual(JSON.parse(call.function.arguments), WEATHER_ARGUMENTS);
    });

    test("tools, streamed", async () => {
      const stream = client.chat.completions.stream({ model, messages: WEATHER, tools: [WEATHER_TOOL] });
      const completion = await stream.finalChatCompletion();
      const [call] = completion.choices[0].message.tool_calls;
      assert.equal(call.function.name, "get_weather");
      assert.deepEqual(JSON.parse(call.function.arguments), WEATHER_ARGUMENTS);
    });

    test("the deployment of the URL need not be the model of the body", async () => {
      const named = azure({ deployment: model });
      const completion = await named.chat.completions.create({ model: "another-name", messages: MESSAGES });
      assert(completion.choices[0].message.content.startsWith(ANSWER_START));
      const seen = await onlyRequest(example);
      assert(seen.path.startsWith(`/openai/deployments/${model}/`));
      assert.equal(JSON.parse(seen.body).model, "another-name");
    });

    test("embeddings", async () => {
      const reply = await client.embeddings.create({ model, input: ["the first text", "another one"] });
      assert.deepEqual(reply.data.map((item) => item.index), [0, 1]);
      for (const item of reply.data) assert(Math.abs(Math.hypot(...item.embedding) - 1) < 1e-3);
      const seen = await onlyRequest(example);
      assert.equal(JSON.parse(seen.body).encoding_format, "base64");
      await assertCharged(reply.usage.prompt_tokens, 0, reply.usage.total_tokens);
    });

    test("responses", async () => {
      const response = await client.responses.create({ model, input: QUESTION });
      assert.equal(response.status, "completed");
      assert(response.output_text.startsWith(ANSWER_START));
      const { input_tokens, output_tokens, total_tokens } = response.usage;
      await assertCharged(input_tokens, output_tokens, total_tokens);
      await onlyRequest(example);
    });

    test("responses, streamed", async () => {
      const events = await collect(await client.responses.create({ model, input: QUESTION, stream: true }));
      assert.equal(events[0].type, "response.created");
      assert.equal(events.at(-1).type, "response.completed");
      const text = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
      assert(text.length > 5);
      assert(text.join("").startsWith(ANSWER_START));
      await onlyRequest(example);
    });

    test("wrong key", async () => {
      const refused = azure({ apiKey: "wrong" }).chat.completions.create({ model, messages: MESSAGES });
      await assert.rejects(refused, AuthenticationError);
      assert((await simulatedAccounts()).every((account) => account.requests === 0));
    });

    test("unknown version", async () => {
      const refused = azure({ apiVersion: "1999-12-31" }).chat.completions.create({ model, messages: MESSAGES });
      await assert.rejects(refused, NotFoundError);
    });

    if (example.name === VERSIONED) {
      test("OpenAI v1: the key is the bearer token", async () => {
        const completion = await v1().chat.completions.create({ model, messages: MESSAGES });
        assert(completion.choices[0].message.content.startsWith(ANSWER_START));
        const seen = await onlyRequest(example);
        assert.equal(seen.path, "/openai/v1/chat/completions");
      });
    }
  });
}
