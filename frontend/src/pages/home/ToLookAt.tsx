import { HomeCard, HomeCards } from "./HomeCards";

const PAGES = [
  {
    title: "All usage",
    text: "What everybody uses and spends, by model, person and key, and the calls behind each number.",
    action: { to: "/admin/usage", label: "See all usage" },
  },
  {
    title: "Approvals",
    text: "Who waits for a model or for other limits, and why. Administrators decide.",
    action: { to: "/approvals", label: "See the approvals" },
  },
  {
    title: "All keys",
    text: "Whose keys there are, what they may call, and whether they are used. Nobody sees a secret.",
    action: { to: "/admin/keys", label: "See all keys" },
  },
  {
    title: "People",
    text: "Who has signed in, their roles, and what each of them has.",
    action: { to: "/admin/people", label: "See the people" },
  },
  {
    title: "Audit",
    text: "The record: who did what, when, and what was refused.",
    action: { to: "/admin/audit", label: "See the record" },
  },
];

/** Where an auditor begins: the pages on what everybody does. */
export function ToLookAt() {
  return (
    <HomeCards>
      {PAGES.map(({ title, text, action }) => (
        <HomeCard key={title} title={title} action={action}>
          {text}
        </HomeCard>
      ))}
    </HomeCards>
  );
}
