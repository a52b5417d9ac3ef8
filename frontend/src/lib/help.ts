/** What is said where a reader may hesitate: a name, and a few short sentences that are exact. All of it stands here. */
export const HELP = {
  quota: {
    title: "What counts against a limit",
    text: [
      "Answered calls count, with their tokens and their cost, over all your keys together. Calls that failed or were refused do not.",
      "A call is counted after its end, so calls that are under way at the same time can pass a limit a little.",
      "When a limit is used up, your keys can’t call this model until the limits start again.",
    ],
  },
  window: {
    title: "When it is counted anew",
    text: [
      "Windows follow the clock in UTC, not the day on which you began: a day begins at midnight, a week on Monday, 30 days and a month on the first.",
      "What is left over is not carried into the next window. Without a window, everything counts for good.",
    ],
  },
  budget: {
    title: "Budget",
    text: [
      "US dollars, as LiteLLM books them. It is checked before each call and booked after it, so calls under way at the same time can pass it a little.",
      "A model without a price books nothing, and uses up no budget.",
    ],
  },
  rates: {
    title: "Requests and tokens a minute",
    text: [
      "How fast calls may come. What is too fast is refused with status 429 and costs nothing; try again a little later.",
      "LiteLLM counts them for each key, and during a rotation for each of its two secrets. Only budget, requests and tokens per window are counted over all your keys.",
    ],
  },
  parallel: {
    title: "Requests at the same time",
    text: [
      "How many calls with one key may be under way at once. A further one is refused with status 429 until one of them has ended.",
      "A streamed answer counts until its last token.",
    ],
  },
  overlap: {
    title: "Two secrets at a time",
    text: [
      "The new secret is made and confirmed first; then the old one gets its end. In between both work, so that programs can be changed one by one.",
      "Each of the two has the key’s limits for itself, so together they may spend up to twice what was left. If the old one ends at once, there is no such time.",
    ],
  },
  drift: {
    title: "Changed in LiteLLM itself",
    text: [
      "LiteMaaS tells LiteLLM what a key may do, and looks every five minutes whether it is still so. Somebody has changed it there since.",
      "Nothing is put right by itself. “Repair” tells LiteLLM again what stands here; “adopt”, which admins can do, makes what LiteLLM has the key’s limits here.",
    ],
  },
  compared: {
    title: "Compared with LiteLLM",
    text: [
      "LiteLLM tells of each call a second after its end. Such a report can be lost; so LiteMaaS compares all calls with LiteLLM’s own log a minute or two later, and books what is missing.",
      "Before the time that stands here nothing is missing. What is newer is there as soon as it is reported.",
    ],
  },
  cost: {
    title: "Cost and price",
    text: [
      "The price is what a million tokens of a model cost, as LiteLLM’s price list has it. The cost of a call is what LiteLLM booked for it when it ended; a later price changes no cost.",
      "They need not fit to the last digit: tokens from a provider’s cache may be cheaper, and what LiteLLM answers from its own cache is free. A call without a price counts as 0, and is marked.",
    ],
  },
  role: {
    title: "Roles",
    text: [
      "Users manage what is their own. Auditors may read everything and change nothing but their own account. Administrators decide on requests, and manage people, keys, models and rules.",
      "Nobody gives a role here: it follows from groups of your organisation, at each sign-in or within a minute.",
    ],
  },
  scopes: {
    title: "What a token may do",
    text: [
      "A token never does more than you may at that moment, and nothing that is not chosen here.",
      "Without “Administration” it has a plain user’s rights, whoever you are. A token makes only tokens that may do less and end earlier.",
    ],
  },
  seals: {
    title: "Seals",
    text: [
      "Each entry is sealed within seconds: its seal is a hash over the entry and the seal before it. Who changes or takes out an entry breaks the chain from there on.",
      "“litemaas audit verify” walks the chain and names the first entry that does not fit. Each entry that is streamed to a collector carries its seal.",
    ],
  },
} as const;
export type HelpTopic = keyof typeof HELP;
