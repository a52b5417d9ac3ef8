import { Skeleton } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";

/** A table whose rows are on their way. `name` says what is loading: "your keys". */
export function TableSkeleton({ columns, name }: { columns: readonly string[]; name: string }) {
  return (
    <Table aria-label={`Loading ${name}`} gridBreakPoint="grid-lg" aria-busy>
      <Thead>
        <Tr>
          {columns.map((column) => (
            <Th key={column}>{column}</Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {Array.from({ length: 4 }, (_, row) => (
          <Tr key={row}>
            {columns.map((column) => (
              <Td key={column} dataLabel={column}>
                <Skeleton screenreaderText={row === 0 ? "Loading" : undefined} />
              </Td>
            ))}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
