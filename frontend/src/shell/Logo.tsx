import { Flex, FlexItem } from "@patternfly/react-core";

/** The mark and the product's name, in the colour of the text around it. */
export function Logo() {
  return (
    <Flex spaceItems={{ default: "spaceItemsSm" }} flexWrap={{ default: "nowrap" }} alignItems={{ default: "alignItemsCenter" }} className="logo">
      <FlexItem>
        <img src="/favicon.svg" alt="" width={28} height={28} />
      </FlexItem>
      <FlexItem>LiteMaaS</FlexItem>
    </Flex>
  );
}
