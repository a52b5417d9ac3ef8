import { Breadcrumb, BreadcrumbItem, Content, Flex, FlexItem, PageSection, Title } from "@patternfly/react-core";
import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "react-router";

/** The region that scrolls. */
export const MAIN_ID = "main";

interface PageHeadingProps {
  title: string;
  description?: ReactNode;
  /** The page above this one. */
  parent?: { title: string; to: string };
  actions?: ReactNode;
}

/** The page's only h1, the document's title, and where the focus goes after a navigation. */
export function PageHeading({ title, description, parent, actions }: PageHeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { key, pathname } = useLocation();

  useEffect(() => {
    // "default" is the key of the first page: there the browser's own focus stays.
    if (key === "default") return;
    document.getElementById(MAIN_ID)?.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
    // Only a new page takes the focus, not a new filter in the address of the same page.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [pathname]);

  return (
    <>
      <title>{`${title} · LiteMaaS`}</title>
      {parent ? (
        <PageSection type="breadcrumb">
          <Breadcrumb>
            <BreadcrumbItem render={({ className }) => <Link to={parent.to} className={className}>{parent.title}</Link>} />
            <BreadcrumbItem isActive>{title}</BreadcrumbItem>
          </Breadcrumb>
        </PageSection>
      ) : null}
      <PageSection>
        <Flex justifyContent={{ default: "justifyContentSpaceBetween" }} alignItems={{ default: "alignItemsFlexStart" }}>
          <FlexItem grow={{ default: "grow" }} className="heading-text">
            <Title headingLevel="h1" tabIndex={-1} ref={heading} className="page-title">
              {title}
            </Title>
            {description ? <Content component="p">{description}</Content> : null}
          </FlexItem>
          {actions ? <FlexItem>{actions}</FlexItem> : null}
        </Flex>
      </PageSection>
    </>
  );
}
