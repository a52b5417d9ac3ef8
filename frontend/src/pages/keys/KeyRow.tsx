import { Label, LabelGroup, MenuToggle } from "@patternfly/react-core";
import { EllipsisVIcon, InProgressIcon } from "@patternfly/react-icons";
import { ActionsColumn, Td, Tr } from "@patternfly/react-table";
import { useEffect, useState } from "react";
import { fetchQuery, graphql, useFragment, useRelayEnvironment } from "react-relay";
import { Link } from "react-router";

import { RelativeTime } from "../../components/RelativeTime";
import { StatusLabel } from "../../components/StatusLabel";
import { formatMoney } from "../../lib/money";
import { keyPath } from "../../lib/paths";
import { type KeyAction, keyActions, KeyDialogs } from "./KeyDialogs";
import type { KeyRow_key$key } from "./__generated__/KeyRow_key.graphql";
import type { KeyRowQuery } from "./__generated__/KeyRowQuery.graphql";

export const KEY_COLUMNS = ["Name", "Status", "Models", "Spend", "Last used", "Created", "Expires"];
const ASK_AGAIN = 3_000;

/** Asks for the key again until LiteLLM has confirmed it as it is shown. */
function useSettle(id: string, inSync: boolean): void {
  const environment = useRelayEnvironment();
  useEffect(() => {
    if (inSync) return;
    const timer = setInterval(() => {
      if (document.hidden) return;
      fetchQuery<KeyRowQuery>(
        environment,
        graphql`
          query KeyRowQuery($id: ID!) {
            node(id: $id) {
              ...KeyRow_key @alias(as: "key")
            }
          }
        `,
        { id },
      ).subscribe({ error: () => {} });
    }, ASK_AGAIN);
    return () => clearInterval(timer);
  }, [environment, id, inSync]);
}

/** Whether a change of the key still has to reach LiteLLM. */
export function SyncLabel({ inSync }: { inSync: boolean }) {
  if (inSync) return null;
  return (
    <Label isCompact color="blue" icon={<InProgressIcon />}>
      Change on its way
    </Label>
  );
}

export function KeyRow({ apiKey: keyRef }: { apiKey: KeyRow_key$key }) {
  const key = useFragment(
    graphql`
      fragment KeyRow_key on ApiKey {
        id
        name
        prefix
        lastFour
        status
        inSync
        models {
          id
          name
        }
        spend
        lastUsedAt
        createdAt
        expiresAt
        ...KeyDialogs_key
      }
    `,
    keyRef,
  );
  const [action, setAction] = useState<KeyAction>();
  const actions = keyActions(key.status);
  useSettle(key.id, key.inSync);

  return (
    <Tr>
      <Td dataLabel="Name">
        <Link to={keyPath(key.id)}>{key.name}</Link>
        <br />
        <code className="unbroken">
          {key.prefix}…{key.lastFour}
        </code>
      </Td>
      <Td dataLabel="Status">
        <div>
          <StatusLabel of="key" status={key.status} /> <SyncLabel inSync={key.inSync} />
        </div>
      </Td>
      <Td dataLabel="Models">
        <LabelGroup numLabels={2} aria-label={`Models of ${key.name}`}>
          {key.models.map((model) => (
            <Label key={model.id} isCompact variant="outline">
              {model.name}
            </Label>
          ))}
        </LabelGroup>
      </Td>
      <Td dataLabel="Spend" modifier="nowrap">{formatMoney(key.spend)}</Td>
      <Td dataLabel="Last used" modifier="nowrap">{key.lastUsedAt ? <RelativeTime at={key.lastUsedAt} /> : "Never"}</Td>
      <Td dataLabel="Created" modifier="nowrap">
        <RelativeTime at={key.createdAt} />
      </Td>
      <Td dataLabel="Expires" modifier="nowrap">{key.expiresAt ? <RelativeTime at={key.expiresAt} /> : "Never"}</Td>
      <Td isActionCell>
        {actions.length > 0 ? (
          <ActionsColumn
            items={actions.map(({ action: each, ...item }) => ({ ...item, onClick: () => setAction(each) }))}
            popperProps={{ position: "right" }}
            actionsToggle={({ onToggle, isOpen, toggleRef }) => (
              <MenuToggle
                ref={toggleRef}
                variant="plain"
                icon={<EllipsisVIcon />}
                isExpanded={isOpen}
                onClick={onToggle}
                aria-label={`Actions for ${key.name}`}
              />
            )}
          />
        ) : null}
        <KeyDialogs apiKey={key} action={action} onClose={() => setAction(undefined)} />
      </Td>
    </Tr>
  );
}
