// Drives a running server with the openai package of npm: every endpoint, streaming and not, and the errors people meet.
//   node drive.mjs http://127.0.0.1:PORT KEY
import assert from "node:assert/strict";
import OpenAI from "openai";

const [url, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL: url + "/v1", apiKey, maxRetries: 0, timeout: 60_000 });
const greedy = { temperature: 0, max_tokens: 12 };
const messages = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Count to five." },
];

async function all(stream) {
  const pieces = [];
  for await (const piece of await stream) pieces.push(piece);
  return pieces;
}

const model = (await client.models.list()).data[0].id;
assert.equal((await client.models.retrieve(model)).id, model);
await assert.rejects(client.models.retrieve("nobody"), OpenAI.NotFoundError);

const whole = await client.completions.create({ model, prompt: "def f(", ...greedy });
const pieces = await all(client.completions.create({ model, prompt: "def f(", ...greedy, stream: true }));
assert.equal(pieces.map((p) => p.choices[0].text).join(""), whole.choices[0].text);
const several = await client.completions.create({ model, prompt: [[5, 6], [7]], n: 2, max_tokens: 2, logprobs: 1 });
assert.deepEqual(several.choices.map((c) => c.index), [0, 1, 2, 3]);
assert.equal(several.choices[0].logprobs.tokens.length, 2);

const chat = await client.chat.completions.create({ model, messages, ...greedy, logprobs: true, top_logprobs: 2 });
assert.equal(chat.choices[0].message.role, "assistant");
assert.equal(chat.choices[0].logprobs.content[0].top_logprobs.length, 2);
const chunks = await all(
  client.chat.completions.create({ model, messages, ...greedy, stream: true, stream_options: { include_usage: true } }),
);
assert.equal(chunks[0].choices[0].delta.role, "assistant");
assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? "").join(""), chat.choices[0].message.content);
assert.equal(chunks.at(-1).usage.total_tokens, chat.usage.total_tokens);
const final = await client.chat.completions.stream({ model, messages, ...greedy }).finalChatCompletion();
assert.equal(final.choices[0].message.content, chat.choices[0].message.content);

for (const [param, fields] of [
  ["top_p", { top_p: 2 }],
  ["messages", { messages: [] }],
  ["tool_choice", { tool_choice: "required", tools: [{ type: "function", function: { name: "f" } }] }],
])
  await assert.rejects(client.chat.completions.create({ model, messages, ...fields }), (e) => {
    assert(e instanceof OpenAI.BadRequestError);
    assert.equal(e.param, param);
    return true;
  });
await assert.rejects(new OpenAI({ baseURL: url + "/v1", apiKey: "wrong", maxRetries: 0 }).models.list(), OpenAI.AuthenticationError);

const long = await client.chat.completions.create({ model, messages, max_tokens: 1500, ignore_eos: true, stream: true });
for await (const piece of long) if (piece.choices[0].delta.content) break; // leaving the loop aborts the request
const root = new OpenAI({ baseURL: url, apiKey, maxRetries: 0 });
for (let i = 0; (await root.get("/load")).server_load > 0; ++i) {
  assert(i < 1000, "a client went away and its answer is still being made");
  await new Promise((done) => setTimeout(done, 10));
}
const { tokens } = await root.post("/tokenize", { body: { prompt: "def f(" } });
assert((await root.post("/detokenize", { body: { tokens } })).prompt.endsWith("def f("));
console.log("the openai package of npm: all well");
