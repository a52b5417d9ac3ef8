import {
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  Grid,
  GridItem,
  PageSection,
  Skeleton,
  Stack,
  StackItem,
} from "@patternfly/react-core";
import { graphql } from "react-relay";

import { ExactTime } from "../../components/ExactTime";
import { Fact } from "../../components/Fact";
import { roleLabel } from "../../lib/labels";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { AccessTokens } from "./AccessTokens";
import { OwnData } from "./OwnData";
import { RoleEnd } from "./RoleEnd";
import { Sessions } from "./Sessions";
import type { ProfilePageQuery } from "./__generated__/ProfilePageQuery.graphql";

/** What a role may do, in a sentence. */
const ROLES: Record<string, string> = {
  USER: "You manage what is yours.",
  AUDITOR: "You may read everything and change nothing.",
  ADMIN: "You decide, and see all.",
};

function Loaded() {
  const data = usePageQuery<ProfilePageQuery>(
    graphql`
      query ProfilePageQuery {
        viewer {
          user {
            username
            displayName
            email
            role
            roleUntil
            createdAt
          }
        }
        portal {
          signIn {
            loginUrl
          }
        }
        ...Sessions_query
        ...AccessTokens_query
      }
    `,
    {},
  );
  const { user } = data.viewer;
  if (!user) return null;
  return (
    <Grid hasGutter>
      <GridItem>
        <Card>
          <CardTitle component="h2">About you</CardTitle>
          <CardBody>
            <Stack hasGutter>
              <StackItem>
                <DescriptionList columnModifier={{ default: "1Col", sm: "2Col", xl: "3Col" }}>
                  <Fact name="Name">{user.displayName}</Fact>
                  <Fact name="Username">{user.username}</Fact>
                  {user.email ? <Fact name="E-mail">{user.email}</Fact> : null}
                  <Fact name="Role" about="role">
                    {roleLabel(user.role)}. {ROLES[user.role]} Your groups decide at each sign-in.
                  </Fact>
                  <Fact name="First signed in">
                    <ExactTime at={user.createdAt} />
                  </Fact>
                </DescriptionList>
              </StackItem>
              {user.roleUntil ? (
                <StackItem>
                  <RoleEnd at={user.roleUntil} loginUrl={data.portal.signIn.loginUrl} />
                </StackItem>
              ) : null}
            </Stack>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem>
        <Sessions query={data} />
      </GridItem>
      <GridItem>
        <AccessTokens query={data} role={user.role} />
      </GridItem>
      <GridItem>
        <OwnData username={user.username} />
      </GridItem>
    </Grid>
  );
}

const skeleton = (
  <Grid hasGutter>
    <GridItem>
      <Skeleton height="9rem" screenreaderText="Loading your profile" />
    </GridItem>
    <GridItem>
      <Skeleton height="14rem" />
    </GridItem>
    <GridItem>
      <Skeleton height="14rem" />
    </GridItem>
  </Grid>
);

/** Who the reader is here, where they are signed in, and what acts for them. */
export function ProfilePage() {
  return (
    <>
      <PageHeading title="Your profile" description="Who you are here, where you are signed in, and which programs act for you." />
      <PageSection isFilled>
        <QueryBoundary skeleton={skeleton}>
          <Loaded />
        </QueryBoundary>
      </PageSection>
    </>
  );
}
