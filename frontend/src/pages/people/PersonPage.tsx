import {
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  Flex,
  Grid,
  GridItem,
  PageSection,
  Skeleton,
} from "@patternfly/react-core";
import { useState } from "react";
import { fetchQuery, graphql, useFragment, useRelayEnvironment } from "react-relay";
import { Link, useParams } from "react-router";

import { ExactTime } from "../../components/ExactTime";
import { Fact } from "../../components/Fact";
import { StatusLabel } from "../../components/StatusLabel";
import { roleLabel } from "../../lib/labels";
import { formatMoney } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { auditPath } from "../../lib/paths";
import type { Reader } from "../../lib/reader";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { type PersonAction, personActions, personStatus } from "./personActions";
import { PersonDialogs } from "./PersonDialogs";
import { PersonKeys } from "./PersonKeys";
import { PersonSubscriptions } from "./PersonSubscriptions";
import { PersonTokens } from "./PersonTokens";
import type { PersonPage_user$key } from "./__generated__/PersonPage_user.graphql";
import type { PersonPageQuery } from "./__generated__/PersonPageQuery.graphql";

const PARENT = { title: "People", to: "/admin/people" };

interface DetailsProps {
  user: PersonPage_user$key;
  reader: Reader | null | undefined;
  /** Called when something was done with the person. */
  onChanged: () => void;
}

function Details({ user: ref, reader, onChanged }: DetailsProps) {
  const user = useFragment(
    graphql`
      fragment PersonPage_user on User {
        id
        username
        displayName
        email
        role
        createdAt
        lastSignedInAt
        roleUntil
        disabledAt
        erasedAt
        recentUsage {
          requests
          failures
          totalTokens
          spend
        }
        ...PersonDialogs_user
      }
    `,
    ref,
  );
  const [action, setAction] = useState<PersonAction>();
  const actions = personActions(user, reader);
  const { requests, failures, totalTokens, spend } = user.recentUsage;
  return (
    <>
      <PageHeading
        title={user.displayName}
        parent={PARENT}
        actions={
          actions.length > 0 ? (
            <Flex columnGap={{ default: "columnGapSm" }} rowGap={{ default: "rowGapSm" }}>
              {actions.map(({ action: each, title, isDanger }) => (
                <Button key={each} variant={isDanger ? "danger" : "secondary"} onClick={() => setAction(each)}>
                  {title}
                </Button>
              ))}
            </Flex>
          ) : null
        }
      />
      <PageSection>
        {user.erasedAt ? (
          <Alert isInline variant="info" component="h2" title="This person was erased" className="above-card">
            Erased <ExactTime at={user.erasedAt} />. What is left stands under a pseudonym, and no sign-in leads here any more.
          </Alert>
        ) : user.disabledAt ? (
          <Alert isInline variant="warning" component="h2" title={`Nobody can sign in as ${user.username}`} className="above-card">
            Disabled <ExactTime at={user.disabledAt} />. LiteLLM refuses the keys as long as that is so.
          </Alert>
        ) : null}
        <Card>
          <CardTitle component="h2">About</CardTitle>
          <CardBody>
            <DescriptionList columnModifier={{ default: "1Col", sm: "2Col", xl: "3Col" }}>
              <Fact name="Username">{user.username}</Fact>
              <Fact name="E-mail">{user.email ?? "–"}</Fact>
              <Fact name="Role" about="role">
                {roleLabel(user.role)}
                {user.roleUntil ? (
                  <div>
                    Ends <ExactTime at={user.roleUntil} />, unless the groups confirm it at a sign-in before.
                  </div>
                ) : null}
              </Fact>
              <Fact name="Status">
                <StatusLabel of="person" status={personStatus(user)} />
              </Fact>
              <Fact name="First signed in">
                <ExactTime at={user.createdAt} />
              </Fact>
              <Fact name="Last signed in">{user.lastSignedInAt ? <ExactTime at={user.lastSignedInAt} /> : "Never"}</Fact>
              <Fact name="Last 30 days">
                <div>
                  {formatCount(requests)} {requests === 1 ? "request" : "requests"}
                  {failures > 0 ? `, of which ${formatCount(failures)} failed` : ""}
                </div>
                <div>{formatCount(totalTokens)} tokens</div>
                <div>{formatMoney(spend)}</div>
              </Fact>
              <Fact name="Record">
                <Link to={auditPath({ actor: user.username })}>What {user.username} did</Link>
              </Fact>
            </DescriptionList>
          </CardBody>
        </Card>
      </PageSection>
      <PersonDialogs
        user={user}
        action={action}
        onClose={() => {
          setAction(undefined);
          onChanged();
        }}
      />
    </>
  );
}

const query = graphql`
  query PersonPageQuery($id: ID!) {
    admin {
      user(userId: $id) {
        ...PersonPage_user
      }
    }
    viewer {
      user {
        id
        role
      }
    }
    ...PersonKeys_query @arguments(userId: $id)
    ...PersonSubscriptions_query @arguments(userId: $id)
    ...PersonTokens_query @arguments(userId: $id)
  }
`;

function Loaded({ id }: { id: string }) {
  const data = usePageQuery<PersonPageQuery>(query, { id });
  const environment = useRelayEnvironment();
  const reader = data.viewer.user;
  // What was done may have changed keys, subscriptions and tokens as well.
  const refresh = () => fetchQuery<PersonPageQuery>(environment, query, { id }).subscribe({ error: () => {} });
  return (
    <>
      <Details user={data.admin.user} reader={reader} onChanged={refresh} />
      <PageSection isFilled>
        <Grid hasGutter>
          <GridItem>
            <PersonKeys query={data} reader={reader} />
          </GridItem>
          <GridItem>
            <PersonSubscriptions query={data} />
          </GridItem>
          <GridItem>
            <PersonTokens query={data} reader={reader} />
          </GridItem>
        </Grid>
      </PageSection>
    </>
  );
}

const skeleton = (
  <>
    <PageHeading title="Person" parent={PARENT} />
    <PageSection isFilled>
      <Skeleton height="14rem" screenreaderText="Loading the person" />
    </PageSection>
  </>
);

/** One person, with all that is theirs. */
export function PersonPage() {
  const { id = "" } = useParams();
  return (
    <QueryBoundary key={id} skeleton={skeleton}>
      <Loaded id={id} />
    </QueryBoundary>
  );
}
