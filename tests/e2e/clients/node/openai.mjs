// openai for Node: node openai.mjs BASE_URL PICTURE -> JSON
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const [url, picture] = process.argv.slice(2);
const client = new OpenAI({ baseURL: url, apiKey: "sk-any", maxRetries: 0 });
const data = `data:image/png;base64,${readFileSync(picture).toString("base64")}`;
const ask = (text) => [
  {
    role: "user",
    content: [
      { type: "image_url", image_url: { url: data } },
      { type: "text", text },
    ],
  },
];
const asked = { model: "qwen3-vl-plus", messages: ask("What is the total?") };

const whole = await client.chat.completions.create(asked);
let streamed = "";
for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
}
const schema = {
  type: "object",
  properties: { total: { type: "number" } },
  required: ["total"],
  additionalProperties: false,
};
const object = await client.chat.completions.parse({
  ...asked,
  response_format: { type: "json_schema", json_schema: { name: "receipt", strict: true, schema } },
});
const tool = { name: "record_receipt", description: "Record a receipt.", parameters: schema };
const called = await client.chat.completions.create({
  ...asked,
  tools: [{ type: "function", function: tool }],
  tool_choice: { type: "function", function: { name: tool.name } },
});
const call = called.choices[0].message.tool_calls[0].function;
console.log(
  JSON.stringify({
    text: whole.choices[0].message.content,
    streamed,
    total_tokens: whole.usage.total_tokens,
    object: JSON.parse(object.choices[0].message.content),
    tool: { name: call.name, total: JSON.parse(call.arguments).total },
  }),
);
