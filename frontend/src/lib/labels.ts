/** The schema's enum values in words. A value that a newer server knows is shown as it is, made readable. */

const MODES: Record<string, string> = {
  CHAT: "Chat",
  COMPLETION: "Text completion",
  EMBEDDING: "Embedding",
  IMAGE: "Image",
  AUDIO: "Audio",
  RERANK: "Rerank",
  OTHER: "Other",
};

const CAPABILITIES: Record<string, string> = {
  VISION: "Vision",
  FUNCTION_CALLING: "Function calling",
  REASONING: "Reasoning",
  JSON_SCHEMA: "JSON schema",
  STREAMING: "Streaming",
  PROMPT_CACHING: "Prompt caching",
  WEB_SEARCH: "Web search",
  AUDIO_INPUT: "Audio input",
  AUDIO_OUTPUT: "Audio output",
};

const ACCESS: Record<string, string> = {
  OPEN: "Open to all",
  RESTRICTED: "Needs approval",
  HIDDEN: "Hidden",
};

const LIFECYCLES: Record<string, string> = { AVAILABLE: "Available", DEPRECATED: "Deprecated", RETIRED: "Retired" };

const ROLES: Record<string, string> = { USER: "User", AUDITOR: "Auditor", ADMIN: "Administrator" };

const PROVIDERS: Record<string, string> = {
  anthropic: "Anthropic",
  azure: "Azure",
  azure_ai: "Azure AI",
  bedrock: "Amazon Bedrock",
  bedrock_converse: "Amazon Bedrock",
  cohere: "Cohere",
  cohere_chat: "Cohere",
  deepseek: "DeepSeek",
  gemini: "Google Gemini",
  groq: "Groq",
  hosted_vllm: "Hosted vLLM",
  mistral: "Mistral",
  ollama: "Ollama",
  openai: "OpenAI",
  openrouter: "OpenRouter",
  vertex_ai: "Google Vertex AI",
  vllm: "vLLM",
  watsonx: "IBM watsonx",
  xai: "xAI",
};

/** LiteLLM's functions, each of which it also has with an "a" before its name. */
const CALL_TYPES: Record<string, string> = {
  completion: "Chat completion",
  text_completion: "Text completion",
  embedding: "Embedding",
  image_generation: "Image generation",
  transcription: "Transcription",
  speech: "Speech",
  responses: "Response",
  rerank: "Rerank",
};

export function readable(value: string): string {
  const words = value.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const named = (names: Record<string, string>) => (value: string) => names[value] ?? readable(value);

export const modeLabel = named(MODES);
export const capabilityLabel = named(CAPABILITIES);
export const accessLabel = named(ACCESS);
export const lifecycleLabel = named(LIFECYCLES);
export const roleLabel = named(ROLES);
/** LiteLLM's own provider names are free text; the common ones get their proper spelling, the rest stays. */
export const providerLabel = (value: string) => PROVIDERS[value] ?? value;

/** What kind of call it was: `acompletion` -> `Chat completion`. */
export const callTypeLabel = (value: string) => CALL_TYPES[value] ?? CALL_TYPES[value.replace(/^a/, "")] ?? readable(value);
