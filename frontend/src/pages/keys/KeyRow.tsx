import { Label, LabelGroup } from "@patternfly/react-core";
import { ExclamationTriangleIcon, InProgressIcon } from "@patternfly/react-icons";
import { Td, type TdProps, Tr } from "@patternfly/react-table";
import { useEffect, useState } from "react";
import { fetchQuery, graphql, useFragment, useRelayEnvironment } from "react-relay";
import { Link } from "react-router";

import { Expiry } from "../../components/Expiry";
import { RelativeTime } from "../../components/RelativeTime";
import { RowActions } from "../../components/RowActions";
import { StatusLabel } from "../../components/StatusLabel";
import { formatMoney } from "../../lib/money";
import { keyPath } from "../../lib/paths";
import { isAdmin, type Reader, standingOf } from "../../lib/reader";
import { isOver, type KeyAction, keyActions } from "./keyActions";
import { KeyDialogs } from "./KeyDialogs";
import type { KeyRow_key$key } from "./__generated__/KeyRow_key.graphql";
import type { KeyRowQuery } from "./__generated__/KeyRowQuery.graphql";

const ASK_AGAIN = 3_000;

/** In rows of cells there is room for it on wide screens only; in lists there is. */
export const CREATED: TdProps["visibility"] = ["hiddenOnXl", "visibleOn2Xl"];

/** Asks for the key again until LiteLLM has confirmed it as it is shown. */
export function useSettle(id: string, inSync: boolean): void {
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

/** Whether somebody has changed the key in LiteLLM itself. */
export function DriftLabel({ drift }: { drift: readonly unknown[] }) {
  if (drift.length === 0) return null;
  return (
    <Label isCompact color="orange" icon={<ExclamationTriangleIcon />}>
      Changed in LiteLLM
    </Label>
  );
}

interface KeyRowProps {
  apiKey: KeyRow_key$key;
  reader: Reader | null | undefined;
  hasOwner: boolean;
}

export function KeyRow({ apiKey: keyRef, reader, hasOwner }: KeyRowProps) {
  const key = useFragment(
    graphql`
      fragment KeyRow_key on ApiKey {
        id
        name
        prefix
        lastFour
        status
        inSync
        drift {
          field
        }
        user {
          id
          displayName
        }
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
  const standing = standingOf(reader, key.user);
  const actions = keyActions(key, standing, isAdmin(reader));
  useSettle(key.id, key.inSync);

  return (
    <Tr>
      <Td dataLabel="Name" modifier="breakWord">
        <Link to={keyPath(key.id)}>{key.name}</Link>
        <br />
        <code className="unbroken">
          {key.prefix}…{key.lastFour}
        </code>
      </Td>
      {hasOwner ? <Td dataLabel="Owner">{key.user?.displayName ?? "–"}</Td> : null}
      <Td dataLabel="Status">
        <div>
          <StatusLabel of="key" status={key.status} /> <SyncLabel inSync={key.inSync} /> <DriftLabel drift={key.drift} />
        </div>
      </Td>
      <Td dataLabel="Models">
        <LabelGroup numLabels={2} aria-label={`Models of ${key.name}`}>
          {key.models.map((model) => (
            <Label key={model.id} isCompact variant="outline" textMaxWidth="16ch">
              {model.name}
            </Label>
          ))}
        </LabelGroup>
      </Td>
      <Td dataLabel="Spend" modifier="nowrap">{formatMoney(key.spend)}</Td>
      <Td dataLabel="Last used">{key.lastUsedAt ? <RelativeTime at={key.lastUsedAt} /> : "Never"}</Td>
      {hasOwner ? null : (
        <Td dataLabel="Created" visibility={CREATED}>
          <RelativeTime at={key.createdAt} />
        </Td>
      )}
      <Td dataLabel="Expires">
        <Expiry at={key.expiresAt} isOver={isOver(key.status)} />
      </Td>
      <Td isActionCell>
        <RowActions of={key.name} actions={actions} onChoose={setAction} />
        <KeyDialogs apiKey={key} standing={standing} action={action} onClose={() => setAction(undefined)} />
      </Td>
    </Tr>
  );
}
