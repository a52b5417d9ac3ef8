import { Button, Label, LabelGroup } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { Expiry } from "../../components/Expiry";
import { RelativeTime } from "../../components/RelativeTime";
import { StatusLabel } from "../../components/StatusLabel";
import { scopeLabel } from "../../lib/tokenForm";
import { RevokeTokenDialog } from "./RevokeTokenDialog";
import type { TokenTable_tokens$key } from "./__generated__/TokenTable_tokens.graphql";

const COLUMNS = ["Name", "Status", "May do", "Last used", "Created", "Expires"];

interface TokenTableProps {
  /** What the table has: "Your access tokens". */
  name: string;
  tokens: TokenTable_tokens$key;
  mayRevoke: boolean;
}

export function TokenTable({ name, tokens: ref, mayRevoke }: TokenTableProps) {
  const tokens = useFragment(
    graphql`
      fragment TokenTable_tokens on AccessToken @relay(plural: true) {
        id
        name
        lastFour
        scopes
        status
        createdAt
        expiresAt
        lastUsedAt
        lastUsedAddress
        ...RevokeTokenDialog_token
      }
    `,
    ref,
  );
  const [revokedId, setRevokedId] = useState<string>();
  const revoked = tokens.find(({ id }) => id === revokedId);
  return (
    <>
      <Table aria-label={name} variant="compact" gridBreakPoint="grid-xl">
        <Thead>
          <Tr>
            {COLUMNS.map((column) => (
              <Th key={column} modifier="nowrap" width={column === "Name" ? 20 : undefined}>
                {column}
              </Th>
            ))}
            {mayRevoke ? <Th screenReaderText="Actions" /> : null}
          </Tr>
        </Thead>
        <Tbody>
          {tokens.map((token) => (
            <Tr key={token.id}>
              <Td dataLabel="Name">
                <div className="words">
                  {token.name}
                  <br />
                  <code className="unbroken">lmt_…{token.lastFour}</code>
                </div>
              </Td>
              <Td dataLabel="Status">
                <div>
                  <StatusLabel of="token" status={token.status} />
                </div>
              </Td>
              <Td dataLabel="May do">
                <LabelGroup numLabels={2} aria-label={`What ${token.name} may do`}>
                  {token.scopes.map((scope) => (
                    <Label key={scope} isCompact variant="outline">
                      {scopeLabel(scope)}
                    </Label>
                  ))}
                </LabelGroup>
              </Td>
              <Td dataLabel="Last used">
                <div>
                  {token.lastUsedAt ? <RelativeTime at={token.lastUsedAt} /> : "Never"}
                  {token.lastUsedAddress ? <div>from {token.lastUsedAddress}</div> : null}
                </div>
              </Td>
              <Td dataLabel="Created">
                <RelativeTime at={token.createdAt} />
              </Td>
              <Td dataLabel="Expires">
                <Expiry at={token.expiresAt} isOver={token.status !== "ACTIVE"} />
              </Td>
              {mayRevoke ? (
                <Td modifier="fitContent">
                  {token.status === "ACTIVE" ? (
                    <Button
                      variant="link"
                      isInline
                      isDanger
                      aria-label={`Revoke ${token.name}`}
                      onClick={() => setRevokedId(token.id)}
                    >
                      Revoke
                    </Button>
                  ) : null}
                </Td>
              ) : null}
            </Tr>
          ))}
        </Tbody>
      </Table>
      {revoked ? <RevokeTokenDialog token={revoked} onClose={() => setRevokedId(undefined)} /> : null}
    </>
  );
}
