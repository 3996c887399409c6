namespace ExecutionManager.Architecture.Tests;

public sealed class When_a_project_references_another
{
    private static readonly IReadOnlyDictionary<string, string> Projects = Repository.Projects("src");

    private static readonly IReadOnlyDictionary<string, string> Programs = Repository.Projects("tests").Concat(Repository.Projects("bench"))
        .Where(project => !project.Value.Contains("Microsoft.NET.Test.Sdk", StringComparison.Ordinal)).ToDictionary();

    private static IEnumerable<string> Rows => ProjectRule.Table.Select(rule => rule.Project);

    private static IEnumerable<string> ProgramRows => ProjectRule.Programs.Select(rule => rule.Project);

    [Test]
    public void Should_have_a_row_for_each_project() =>
        Assert.That(Projects.Keys, Is.EquivalentTo(Rows));

    [TestCaseSource(nameof(Rows))]
    public void Should_reference_only_what_the_table_allows(string project) =>
        Assert.That(Row(project).Violations(Projects[project]), Is.Empty);

    [Test]
    public void Should_have_a_row_for_each_program_beside_the_product() =>
        Assert.That(Programs.Keys, Is.EquivalentTo(ProgramRows));

    [TestCaseSource(nameof(ProgramRows))]
    public void Should_reference_only_what_a_program_may(string program)
    {
        var row = ProjectRule.Programs.Single(rule => rule.Project == program);
        var folder = program == "Bench" ? "bench" : $"tests/{program}";

        Assert.That(row.Violations(Programs[program]), Is.Empty);
        Assert.That(row.Strangers(LockFile.Packages(Path.Combine(Repository.Root, folder, "packages.lock.json")).Select(package => package.Name)), Is.Empty);
    }

    [TestCaseSource(nameof(Rows))]
    public void Should_get_nothing_it_must_not_hold(string project)
    {
        var resolved = LockFile.Packages(Path.Combine(Repository.Root, "src", project, "packages.lock.json"));

        Assert.That(Row(project).Strangers(resolved.Select(package => package.Name)), Is.Empty);
    }

    [Test]
    public void Should_keep_MassTransit_below_9()
    {
        var versions = LockFile.Paths.SelectMany(LockFile.Packages)
            .Where(package => package.Name.StartsWith("MassTransit", StringComparison.Ordinal)).ToList();

        Assert.That(versions, Is.Not.Empty);
        Assert.That(versions.Where(package => package.Version.Major >= 9), Is.Empty, "9 needs a commercial licence to start");
    }

    [TestCase("Sagas", """<ProjectReference Include="../Store/Store.csproj" />""", "Sagas references the project Store")]
    [TestCase("Store", """<ProjectReference Include="..\Neighbours\Neighbours.csproj" />""", "Store references the project Neighbours")]
    [TestCase("Durability", """<ProjectReference Include="../Domain/Domain.csproj" />""", "Durability references the project Domain")]
    [TestCase("Adapters", """<PackageReference Include="Microsoft.EntityFrameworkCore.Sqlite" />""", "Adapters references the package Microsoft.EntityFrameworkCore.Sqlite")]
    [TestCase("Adapters", """<PackageReference Include="MassTransit" />""", "Adapters references the package MassTransit")]
    [TestCase("Contracts.Messages", """<PackageReference Include="MassTransit.Abstractions" />""", "Contracts.Messages references the package MassTransit.Abstractions")]
    [TestCase("Domain", """<Reference Include="../../lib/x.dll" />""", "Domain references the file ../../lib/x.dll")]
    [TestCase("Simulation", """<Compile Include="../Adapters/Topics.cs" />""", "Simulation compiles ../Adapters/Topics.cs of another project")]
    [TestCase("Domain", """<InternalsVisibleTo Include="ExecutionManager.Sagas" />""", "Domain shows its internals to ExecutionManager.Sagas")]
    [TestCase("Durability", """<FrameworkReference Include="Microsoft.AspNetCore.App" />""", "Durability takes a shared framework")]
    public void Should_be_found_out(string project, string item, string violation) =>
        Assert.That(
            Row(project).Violations($"""<Project Sdk="Microsoft.NET.Sdk"><ItemGroup>{item}</ItemGroup></Project>"""),
            Is.EqualTo(new[] { violation }));

    [Test]
    public void Should_be_found_out_if_a_package_brings_another() =>
        Assert.That(
            Row("Domain").Strangers(["NetTopologySuite", "Microsoft.Extensions.Logging.Abstractions"]),
            Is.EqualTo(new[] { "Domain gets the package Microsoft.Extensions.Logging.Abstractions" }));

    private static ProjectRule Row(string project) => ProjectRule.Table.Single(rule => rule.Project == project);
}
