// Adds the counts of npm's gpt-tokenizer to chats.json, and checks the counts in texts.json.
//
// A chat is counted by the function behind its `countChatCompletionTokens`, which is the definition followed here for
// how tools are rendered. That function takes the older form of a request: `functions`, `function_call`, and one call a
// message. Run it where `npm install gpt-tokenizer` was run.

import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const require = createRequire(path.join(process.cwd(), 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(`gpt-tokenizer/${name}`)).href);
const file = (name) => path.join(import.meta.dirname, name);
const read = (name) => JSON.parse(readFileSync(file(name), 'utf8'));

const {computeChatCompletionTokenCount} = await load('functionCalling');
const ordinary = {disallowedSpecial: new Set()};

const olderMessage = ({tool_calls: calls, tool_call_id: _, content, ...message}) => ({
  ...message,
  content: Array.isArray(content) ? content.map((part) => part.text).join('') : (content ?? ''),
  ...(calls ? {function_call: calls[0].function} : {}),
});

const olderChoice = (choice) => (choice === 'required' ? 'auto' : (choice?.function ?? choice));

const older = ({messages, tools, functions, tool_choice: choice, function_call: call}) => ({
  messages: messages.map(olderMessage),
  functions: tools?.map((tool) => tool.function) ?? functions,
  function_call: olderChoice(choice ?? call),
});

const lines = [];
for (const {request} of read('chats.json')) {
  const {countTokens} = await load(`model/${request.model}`);
  const tokens = computeChatCompletionTokenCount(older(request), (text) => countTokens(text, ordinary));
  lines.push(JSON.stringify({request, tokens}));
}
writeFileSync(file('chats.json'), `[\n${lines.join(',\n')}\n]\n`);

// JavaScript's `\s` takes the byte order mark for whitespace, Unicode and tiktoken do not.
const texts = read('texts.json').filter(({text}) => !text.includes('\ufeff'));
for (const name of ['o200k', 'cl100k']) {
  const {countTokens} = await load(`encoding/${name}_base`);
  const different = texts.filter((entry) => countTokens(entry.text, ordinary) !== entry[name]);
  console.log(`${name}: ${texts.length} texts compared with gpt-tokenizer, ${different.length} differ`);
  for (const {text} of different) console.log(JSON.stringify(text));
  if (different.length > 0) process.exitCode = 1;
}
