import { Card, CardBody, CardTitle, Content, Gallery, List, ListItem, PageSection, Stack, StackItem } from "@patternfly/react-core";
import { Link } from "react-router";

import { HELP } from "../../lib/help";
import { PageHeading } from "../../shell/PageHeading";

const STEPS = [
  { to: "/models", name: "Find a model", text: "and subscribe to it: at once, or after a decision." },
  { to: "/keys", name: "Make a key", text: "for each program. Its secret is shown once; copy it then." },
  { to: "/usage", name: "See what it uses", text: "by model, key and day, and each single call." },
  { to: "/profile", name: "Make an access token", text: "for programs that ask LiteMaaS itself." },
];

/** The way through the pages in four lines, and all that question marks say, in one place. */
export function HelpPage() {
  return (
    <>
      <PageHeading title="Help" description="What the words on the pages mean. The same stands behind the question marks beside them." />
      <PageSection isFilled>
        <Stack hasGutter>
          <StackItem>
            <Card>
              <CardTitle component="h2">From a model to its use</CardTitle>
              <CardBody>
                <List isPlain>
                  {STEPS.map(({ to, name, text }) => (
                    <ListItem key={to}>
                      <Link to={to}>{name}</Link> {text}
                    </ListItem>
                  ))}
                  <ListItem>
                    <a href="/graphiql">Try the API</a> with your own session: all that the pages show, programs can ask for.
                  </ListItem>
                </List>
              </CardBody>
            </Card>
          </StackItem>
          <StackItem>
            <Gallery hasGutter minWidths={{ default: "100%", md: "20rem" }}>
              {Object.values(HELP).map(({ title, text }) => (
                <Card key={title} isFullHeight>
                  <CardTitle component="h2">{title}</CardTitle>
                  <CardBody>
                    {text.map((paragraph) => (
                      <Content key={paragraph} component="p">
                        {paragraph}
                      </Content>
                    ))}
                  </CardBody>
                </Card>
              ))}
            </Gallery>
          </StackItem>
        </Stack>
      </PageSection>
    </>
  );
}
