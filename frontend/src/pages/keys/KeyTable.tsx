import { Table, Tbody, Th, Thead, Tr } from "@patternfly/react-table";

import type { Reader } from "../../lib/reader";
import { CREATED, KeyRow } from "./KeyRow";
import type { KeyRow_key$key } from "./__generated__/KeyRow_key.graphql";

const COLUMNS = ["Name", "Owner", "Status", "Models", "Spend", "Last used", "Created", "Expires"];
const ACTIONS = "Actions";

/** The columns of a table of keys, for its skeleton. */
export const keyColumns = (hasOwner: boolean) => [
  // There is room for one of the two.
  ...COLUMNS.filter((column) => column !== (hasOwner ? "Created" : "Owner")),
  ACTIONS,
];

interface KeyTableProps {
  /** What the table has: "My keys". */
  name: string;
  keys: readonly (KeyRow_key$key & { readonly id: string })[];
  reader: Reader | null | undefined;
  /** Whether the keys are of several people. */
  hasOwner?: boolean;
}

export function KeyTable({ name, keys, reader, hasOwner = false }: KeyTableProps) {
  return (
    <Table aria-label={name} variant="compact" gridBreakPoint="grid-xl">
      <Thead>
        <Tr>
          {keyColumns(hasOwner).map((column) =>
            column === ACTIONS ? (
              <Th key={column} screenReaderText={column} />
            ) : (
              <Th
                key={column}
                modifier="nowrap"
                width={column === "Name" ? 20 : undefined}
                visibility={column === "Created" ? CREATED : undefined}
              >
                {column}
              </Th>
            ),
          )}
        </Tr>
      </Thead>
      <Tbody>
        {keys.map((key) => (
          <KeyRow key={key.id} apiKey={key} reader={reader} hasOwner={hasOwner} />
        ))}
      </Tbody>
    </Table>
  );
}
