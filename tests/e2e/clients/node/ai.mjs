// The AI SDK: node ai.mjs BASE_URL PICTURE -> JSON
import { readFileSync } from "node:fs";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, jsonSchema, streamText, tool } from "ai";

const [url, picture] = process.argv.slice(2);
const provider = createOpenAICompatible({
  name: "qwen-vision",
  baseURL: url,
  apiKey: "sk-any",
  supportsStructuredOutputs: true,
});
const asked = {
  model: provider("qwen3-vl-plus"),
  maxRetries: 0,
  messages: [
    {
      role: "user",
      content: [
        { type: "file", data: readFileSync(picture), mediaType: "image/png" },
        { type: "text", text: "What is the total?" },
      ],
    },
  ],
};
const schema = jsonSchema({
  type: "object",
  properties: { total: { type: "number" } },
  required: ["total"],
  additionalProperties: false,
});

const whole = await generateText(asked);
let streamed = "";
for await (const piece of streamText(asked).textStream) streamed += piece;
const { object } = await generateObject({ ...asked, schema });
const called = await generateText({
  ...asked,
  tools: { record_receipt: tool({ description: "Record a receipt.", inputSchema: schema }) },
  toolChoice: { type: "tool", toolName: "record_receipt" },
});
const [call] = called.toolCalls;
console.log(
  JSON.stringify({
    text: whole.text,
    streamed,
    total_tokens: whole.usage.totalTokens,
    object,
    tool: { name: call.toolName, total: call.input.total },
  }),
);
