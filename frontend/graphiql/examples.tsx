import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";

import changes from "./changes.json";

interface Example {
  title: string;
  about?: string;
  query: string;
  variables?: object;
}

const texts = import.meta.glob<string>("./examples/*.graphql", { query: "?raw", import: "default", eager: true });

/** Questions are written by hand, one to a file; changes come from the schema, every one of them. */
const questions: Example[] = Object.entries(texts).map(([path, query]) => ({
  title: path.replace(/^.*\/(.+)\.graphql$/, "$1"),
  query,
}));
const groups: [string, Example[]][] = [
  ["Questions", questions],
  ["Changes", changes.map(({ name, ...example }) => ({ title: name, ...example }))],
];

export const FIRST = questions.find(({ title }) => title.startsWith("My models"))!.query;

function Examples() {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(({ queryEditor, variableEditor }) => ({
    queryEditor,
    variableEditor,
  }));

  function open({ query, variables }: Example) {
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables ? JSON.stringify(variables, null, 2) : "");
  }

  return (
    <section aria-label="Examples" className="examples">
      {groups.map(([name, examples]) => (
        <div key={name}>
          <h2>{name}</h2>
          <ul>
            {examples.map((example) => (
              <li key={example.title}>
                <button
                  type="button"
                  className="graphiql-un-styled"
                  title={example.about}
                  disabled={!queryEditor || !variableEditor}
                  onClick={() => open(example)}
                >
                  {example.title}
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" height="1.5em" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 5h16M4 10h10M4 15h16M4 20h10" />
    </svg>
  );
}

export const examplesPlugin: GraphiQLPlugin = { title: "Examples", icon: Icon, content: Examples };
