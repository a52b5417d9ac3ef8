import { ToolbarFilter } from "@patternfly/react-core";

import { ALL_CALLS, type CallChoice, callLabels, NOBODYS, notOf, onlyOf, type Part } from "../../lib/callChoice";
import { useAddress } from "../../lib/useAddress";
import { DIMENSION_NAMES } from "../../lib/usageChoice";
import { valueLabel } from "./values";

interface CallLabelsProps {
  calls: CallChoice;
  /** The name of a key or a person by its id, where one is known. */
  nameOf: (part: Part, value: string) => string | undefined;
}

/** Which calls are shown beyond the filters: labels, each of which can be taken back. */
export function CallLabels({ calls, nameOf }: CallLabelsProps) {
  const [, change] = useAddress();
  const parts = Object.keys(DIMENSION_NAMES) as Part[];
  const label = (part: Part, value: string) => {
    if (part !== "key" && part !== "person") return valueLabel(part, value);
    return value === NOBODYS ? "Not of LiteMaaS" : (nameOf(part, value) ?? "Without calls here");
  };
  const members = [
    ...parts.map((part) => ({ part, category: `${DIMENSION_NAMES[part]} only`, name: onlyOf(part), values: calls.only[part] })),
    ...parts.map((part) => ({ part, category: `${DIMENSION_NAMES[part]} not`, name: notOf(part), values: calls.not[part] })),
  ];
  const single = callLabels(calls);
  return (
    <>
      {members.map(({ part, category, name, values }) => (
        <ToolbarFilter
          key={name}
          categoryName={{ key: name, name: category }}
          labels={values.map((value) => ({ key: value, node: label(part, value) }))}
          deleteLabel={(_, chip) => change({ [name]: values.filter((value) => value !== (typeof chip === "string" ? chip : chip.key)) })}
          deleteLabelGroup={() => change({ [name]: null })}
        >
          {null}
        </ToolbarFilter>
      ))}
      <ToolbarFilter
        categoryName="Calls"
        labels={single.map(({ text }) => text)}
        deleteLabel={(_, chip) => change(single.find(({ text }) => text === chip)?.changes ?? ALL_CALLS)}
        deleteLabelGroup={() => change(Object.assign({}, ...single.map(({ changes }) => changes)))}
      >
        {null}
      </ToolbarFilter>
    </>
  );
}
