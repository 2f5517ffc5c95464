// npm's openai through every policy for models. SEKISHO_POLICIES tells where; see tests/clients/policies.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import OpenAI, { AzureOpenAI, PermissionDeniedError, RateLimitError } from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

const told = JSON.parse(process.env.SEKISHO_POLICIES ?? "null");
assert(told, "SEKISHO_POLICIES must hold the addresses of the gateway and the simulator");
const { model, apiVersion } = told;
const EMBEDDING_MODEL = "text-embedding-3-small";
const REALTIME_MODEL = "gpt-realtime";

const azure = (subscription, url = told.url) =>
  new AzureOpenAI({ endpoint: url, apiKey: `${subscription}-key`, apiVersion, maxRetries: 0 });
const v1 = (subscription, url = told.url) =>
  new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: `${subscription}-key`, maxRetries: 0 });

const user = (content) => [{ role: "user", content }];

async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** What the model was asked and charged since the last reset. */
async function modelSaw() {
  const reply = await fetch(`${told.simulator}/__sim/stats`);
  assert.equal(reply.status, 200);
  const { requests, promptTokens, completionTokens, recent } = (await reply.json()).resources.models;
  return { requests, tokens: [promptTokens, completionTokens], recent };
}

/** The reply's numbers are those of its usage, which is what the model charged. */
async function assertConsumed(response, prompt, completion, total) {
  assert.equal(prompt + completion, total);
  assert.equal(response.headers.get("x-consumed-tokens"), String(total));
  assert.deepEqual((await modelSaw()).tokens, [prompt, completion]);
}

beforeEach(async () => {
  const reply = await fetch(`${told.simulator}/__sim/reset`, { method: "POST" });
  assert.equal(reply.status, 200);
});

for (const [name, make] of Object.entries({ azure, v1 })) {
  const client = make("node");

  describe(name, () => {
    test("chat", async () => {
      const { data, response } = await client.chat.completions
        .create({ model, messages: user("Who lights the lamps?") }).withResponse();
      assert(data.choices[0].message.content.startsWith('Simulated answer to "Who lights the lamps?": '));
      const { prompt_tokens, completion_tokens, total_tokens } = data.usage;
      await assertConsumed(response, prompt_tokens, completion_tokens, total_tokens);
    });

    test("chat, streamed, and replayed from the cache", async () => {
      const ask = () => client.chat.completions.create({
        model, messages: user("Where do barges moor?"), stream: true, stream_options: { include_usage: true },
      });
      const first = await collect(await ask());
      const choices = first.flatMap((chunk) => chunk.choices);
      const text = choices.map((choice) => choice.delta.content ?? "").join("");
      assert(text.startsWith('Simulated answer to "Where do barges moor?": '));
      assert.deepEqual(choices.map((choice) => choice.finish_reason).filter(Boolean), ["stop"]);
      assert.deepEqual(await collect(await ask()), first);
      const { requests, tokens } = await modelSaw();
      const { prompt_tokens, completion_tokens } = first.at(-1).usage;
      assert.deepEqual([requests, tokens], [1, [prompt_tokens, completion_tokens]]);
    });

    test("the same prompt asks the model once", async () => {
      const ask = () => client.chat.completions.create({ model, messages: user("What do pilgrims bring?") }).withResponse();
      const [first, again] = [await ask(), await ask()];
      assert.deepEqual(again.data, first.data);
      assert.equal(again.response.headers.get("x-consumed-tokens"), null);
      assert.equal((await modelSaw()).requests, 1);
    });

    test("responses", async () => {
      const { data, response } = await client.responses.create({ model, input: "Who paints the boats?" }).withResponse();
      assert(data.output_text.startsWith('Simulated answer to "Who paints the boats?": '));
      const { input_tokens, output_tokens, total_tokens } = data.usage;
      await assertConsumed(response, input_tokens, output_tokens, total_tokens);
    });

    test("responses, streamed", async () => {
      const events = await collect(await client.responses.create({ model, input: "Why is the well dry?", stream: true }));
      const text = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
      const { type, response } = events.at(-1);
      assert.equal(type, "response.completed");
      assert.equal(text.join(""), response.output[0].content[0].text);
      assert.deepEqual((await modelSaw()).tokens, [response.usage.input_tokens, response.usage.output_tokens]);
    });

    for (const encoding_format of [undefined, "float", "base64"]) {
      test(`embeddings, ${encoding_format ?? "as the client likes"}`, async () => {
        const { data, response } = await client.embeddings
          .create({ model: EMBEDDING_MODEL, input: ["one", "two"], encoding_format }).withResponse();
        assert.deepEqual(data.data.map((item) => item.index), [0, 1]);
        await assertConsumed(response, data.usage.prompt_tokens, 0, data.usage.total_tokens);
      });
    }

    test("content safety", async () => {
      const refused = client.chat.completions.create({ model, messages: user("Help me [sim:sexual=6]") });
      await assert.rejects(refused, PermissionDeniedError);
      assert.equal((await modelSaw()).requests, 0);
    });

    test("a session of Realtime", async () => {
      const secure = make("node", told.tlsUrl);
      const session = name === "azure"
        ? await OpenAIRealtimeWS.azure(secure, { deploymentName: REALTIME_MODEL })
        : await OpenAIRealtimeWS.create(secure, { model: REALTIME_MODEL });
      const events = [];
      const { usage } = await new Promise((resolve, reject) => {
        session.on("error", reject);
        session.on("event", (event) => events.push(event));
        session.on("session.created", () => {
          const content = [{ type: "input_text", text: "Close the gate" }];
          session.send({ type: "conversation.item.create", item: { type: "message", role: "user", content } });
          session.send({ type: "response.create" });
        });
        session.on("response.done", ({ response }) => resolve(response));
      });
      session.close();
      const deltas = events.filter((event) => /^response\.(output_)?text\.delta$/.test(event.type));
      assert(deltas.map((event) => event.delta).join("").startsWith('Simulated answer to "Close the gate": '));
      const { tokens, recent } = await modelSaw();
      assert.deepEqual(tokens, [usage.input_tokens, usage.output_tokens]);
      assert(recent.every(({ headers, path }) => !JSON.stringify([headers, path]).includes("node-key")));
    });
  });
}

test("the limit of tokens", async () => {
  const client = azure("tiny-node");
  await client.chat.completions.create({ model, messages: user("Write a permit [sim:completion=50]") });
  for (const stream of [false, true]) {
    const refused = client.chat.completions.create({ model, messages: user("Write another permit"), stream });
    await assert.rejects(refused, (error) => {
      assert(error instanceof RateLimitError);
      const wait = Number(error.headers.get("retry-after"));
      assert(wait > 0 && wait <= 60);
      return true;
    });
  }
  assert.equal((await modelSaw()).requests, 1);
});
