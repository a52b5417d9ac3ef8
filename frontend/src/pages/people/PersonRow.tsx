import { Td, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { RelativeTime } from "../../components/RelativeTime";
import { RowActions } from "../../components/RowActions";
import { StatusLabel } from "../../components/StatusLabel";
import { roleLabel } from "../../lib/labels";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { personPath } from "../../lib/paths";
import type { Reader } from "../../lib/reader";
import { type PersonAction, personActions, personStatus } from "./personActions";
import { PersonDialogs } from "./PersonDialogs";
import type { PersonRow_user$key } from "./__generated__/PersonRow_user.graphql";

export const PERSON_COLUMNS = ["Person", "Role", "Status", "Subscriptions", "Keys", "Last 30 days", "Last signed in"];

export function PersonRow({ user: ref, reader }: { user: PersonRow_user$key; reader: Reader | null | undefined }) {
  const user = useFragment(
    graphql`
      fragment PersonRow_user on User {
        id
        username
        displayName
        role
        disabledAt
        erasedAt
        lastSignedInAt
        openSubscriptions
        livingApiKeys
        recentUsage {
          requests
          spend
        }
        ...PersonDialogs_user
      }
    `,
    ref,
  );
  const [action, setAction] = useState<PersonAction>();
  const { requests, spend } = user.recentUsage;
  return (
    <Tr>
      <Td dataLabel="Person">
        <div className="words">
          <Link to={personPath(user.id)}>{user.displayName}</Link>
          <br />
          <small>{user.username}</small>
        </div>
      </Td>
      <Td dataLabel="Role">{roleLabel(user.role)}</Td>
      <Td dataLabel="Status">
        <div>
          <StatusLabel of="person" status={personStatus(user)} />
        </div>
      </Td>
      <Td dataLabel="Subscriptions">{formatCount(user.openSubscriptions)}</Td>
      <Td dataLabel="Keys">{formatCount(user.livingApiKeys)}</Td>
      <Td dataLabel="Last 30 days">
        <div>
          {formatMoney(spend)}
          <br />
          <small>
            {formatCount(requests)} {requests === 1 ? "request" : "requests"}
          </small>
        </div>
      </Td>
      <Td dataLabel="Last signed in">{user.lastSignedInAt ? <RelativeTime at={user.lastSignedInAt} /> : "Never"}</Td>
      <Td isActionCell>
        <RowActions of={user.displayName} actions={personActions(user, reader)} onChoose={setAction} />
        <PersonDialogs user={user} action={action} onClose={() => setAction(undefined)} />
      </Td>
    </Tr>
  );
}
