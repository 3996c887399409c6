using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExecutionManager.Store.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class JournalByDevice : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "PK_journal",
                table: "journal");

            migrationBuilder.AddPrimaryKey(
                name: "PK_journal",
                table: "journal",
                columns: new[] { "ContractId", "DeviceId", "Seq" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropPrimaryKey(
                name: "PK_journal",
                table: "journal");

            migrationBuilder.AddPrimaryKey(
                name: "PK_journal",
                table: "journal",
                columns: new[] { "ContractId", "Seq" });
        }
    }
}
