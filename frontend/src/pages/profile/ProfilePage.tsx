import {
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  DescriptionList,
  Grid,
  GridItem,
  PageSection,
  Skeleton,
} from "@patternfly/react-core";
import { DownloadIcon } from "@patternfly/react-icons";
import { graphql } from "react-relay";

import { ExactTime } from "../../components/ExactTime";
import { Fact } from "../../components/Fact";
import { roleLabel } from "../../lib/labels";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { AccessTokens } from "./AccessTokens";
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
            createdAt
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
          <CardHeader
            actions={{
              hasNoOffset: true,
              actions: (
                <Button component="a" href="/exports/me" download variant="secondary" icon={<DownloadIcon />}>
                  Download my data
                </Button>
              ),
            }}
          >
            <CardTitle component="h2">About you</CardTitle>
          </CardHeader>
          <CardBody>
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
          </CardBody>
        </Card>
      </GridItem>
      <GridItem>
        <Sessions query={data} />
      </GridItem>
      <GridItem>
        <AccessTokens query={data} role={user.role} />
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
